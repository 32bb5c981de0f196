import { mount as declared } from "../ui/page.js";
import { chapters } from "./qat-story.js";

export const mount = (root, page) => declared(root, page, { chapters });
