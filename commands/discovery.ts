/**
 * The discovery URL of a new cluster; run by a Command resource, parameters in the environment:
 * MODE and SIZE; by mode ENDPOINT, or ENDPOINTS (with blanks between), or URL; a TOKEN of ours, or a GIVEN_TOKEN.
 * LIBVIRT_URI is set where the libvirt host is behind ssh: a registry that can't be reached from here is asked through it.
 *   obtain   makes one, or checks the one that was given; prints it, and nothing else, on standard output
 *   keep     prints what was printed before
 *   release  takes it out of a self-hosted registry again, if that answers; never fails
 */
import { obtain } from "./discovery/obtain.ts";
import { release } from "./discovery/release.ts";
import { keep, runProgram } from "./program.ts";

await runProgram({ obtain, keep, release });
