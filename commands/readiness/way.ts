/** How a cluster's members are reached. */
import { DIRECT, type WayTo } from "../way.ts";
import type { ReadinessSettings } from "./settings.ts";

/** Members are asked at addresses, and known by the names in their certificates. */
export const wayOf = ({ tls }: Pick<ReadinessSettings, "tls">): WayTo =>
  tls === undefined ? DIRECT : ({ name }) => ({ tls, serverName: name });
