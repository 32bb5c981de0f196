export { mount } from "../ui/page.js";
