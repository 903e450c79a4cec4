import { creationTests } from "./lab-plan/creation";
import { faultTests } from "./lab-plan/faults";
import { imageTests } from "./lab-plan/images";
import { numberTests } from "./lab-plan/numbers";
import { refusalTests } from "./lab-plan/refusals";
import { releaseTests } from "./lab-plan/releases";
import { removalTests } from "./lab-plan/removal";
import { secretTests } from "./lab-plan/secrets";
import { closeLab, openLab } from "./lab-plan/the-lab";

/** The reference lab through the real CLI, on machines that only seem to be: plan, order, state and secrets, not Kubernetes. */
jest.setTimeout(300_000);

beforeAll(openLab);
afterAll(closeLab);

// Each subject leaves the lab as the next one expects it.
describe("a new lab", creationTests);
describe("other numbers", numberTests);
describe("a broken lab", faultTests);
describe("another image", imageTests);
describe("secrets", secretTests);
describe("refusals", refusalTests);
describe("another release", releaseTests);
describe("the end", removalTests);
