/** Whose things are: the stack, and a random id so that two stacks of one name on one host are told apart. */
import * as pulumi from "@pulumi/pulumi";
import { RandomId } from "@pulumi/random/randomId.js";
import type { Mark } from "../host/mark.ts";

export interface Owner {
  /** 32 hex digits, minted with the cluster and kept in its state. */
  readonly id: pulumi.Output<string>;
  /** What the cluster's domains carry in their metadata. */
  readonly mark: pulumi.Output<Mark>;
}

export function makeOwner(name: string, parent: pulumi.Resource): Owner {
  const { hex: id } = new RandomId(`${name}-owner`, { byteLength: 16 }, { parent });
  const [organization, project, stack] = [pulumi.getOrganization(), pulumi.getProject(), pulumi.getStack()];
  return { id, mark: id.apply((owner) => ({ organization, project, stack, owner })) };
}
