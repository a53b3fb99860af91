"use strict";
(() => {
  const root = document.documentElement;
  const one = (selector, from = document) => from.querySelector(selector);
  const all = (selector, from = document) => [...from.querySelectorAll(selector)];
  root.classList.add("js");

  // Some browsers forbid storage to pages opened from a file.
  const remembered = (value) => {
    try {
      if (value === undefined) return localStorage.getItem("mailvet-theme");
      localStorage.setItem("mailvet-theme", value);
    } catch { /* the choice then lasts as long as the page */ }
    return value;
  };
  const theme = one("#theme");
  const darkByDefault = matchMedia("(prefers-color-scheme: dark)");
  const isDark = () => (root.dataset.theme ?? (darkByDefault.matches ? "dark" : "light")) === "dark";
  const nameTheme = () => { theme.textContent = isDark() ? "Light" : "Dark"; theme.setAttribute("aria-label", `Switch to ${isDark() ? "light" : "dark"} colours`); };
  const saved = remembered();
  if (saved === "dark" || saved === "light") root.dataset.theme = saved;
  darkByDefault.addEventListener("change", nameTheme);
  theme.addEventListener("click", () => { root.dataset.theme = isDark() ? "light" : "dark"; remembered(root.dataset.theme); nameTheme(); });
  nameTheme();

  const controls = all(".control");
  const texts = new Map();
  const textOf = (control) => {
    if (!texts.has(control)) texts.set(control, control.textContent.toLowerCase().replace(/\s+/g, " "));
    return texts.get(control);
  };
  const search = one("#search");
  const toggles = all(".toggle");
  const selects = ["severity", "area", "target"].map((id) => one(`#${id}`)).filter(Boolean);
  const shown = one("#shown");
  const resets = all(".reset");

  const apply = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean);
    const verdicts = toggles.filter((each) => each.ariaPressed === "true").map((each) => each.dataset.verdict);
    let visible = 0;
    for (const control of controls) {
      const has = control.dataset.verdicts.split(" ");
      const match = (!verdicts.length || verdicts.some((each) => has.includes(each)))
        && selects.every((each) => !each.value || control.dataset[each.id] === each.value)
        && words.every((word) => textOf(control).includes(word));
      control.hidden = !match;
      if (match) visible += 1;
    }
    for (const group of [...all(".area"), ...all(".target")]) group.hidden = controls.length > 0 && !one(".control:not([hidden])", group);
    const filtered = words.length > 0 || verdicts.length > 0 || selects.some((each) => each.value);
    root.classList.toggle("filtered", filtered);
    shown.textContent = filtered ? `${visible} of ${controls.length} controls shown` : `${controls.length} controls`;
    for (const reset of resets) reset.hidden = !filtered;
    one("#nothing").hidden = visible > 0 || !filtered;
    nameUnfold();
  };
  const reset = () => {
    search.value = "";
    for (const each of toggles) each.ariaPressed = "false";
    for (const each of selects) each.value = "";
    apply();
  };
  search.addEventListener("input", apply);
  for (const each of selects) each.addEventListener("change", apply);
  for (const each of toggles) each.addEventListener("click", () => { each.ariaPressed = String(each.ariaPressed !== "true"); apply(); });
  for (const each of resets) each.addEventListener("click", () => { reset(); search.focus(); });
  for (const link of all("[data-only]")) link.addEventListener("click", () => {
    reset();
    for (const each of toggles) each.ariaPressed = String(each.dataset.verdict === link.dataset.only);
    apply();
  });

  const unfold = one("#unfold");
  const unfolded = () => controls.filter((each) => !each.hidden).every((each) => each.open);
  const nameUnfold = () => { unfold.textContent = unfolded() ? "Fold all" : "Unfold all"; };
  unfold.addEventListener("click", () => {
    const open = !unfolded();
    for (const each of controls) if (!each.hidden) each.open = open;
    nameUnfold();
  });
  for (const each of controls) each.addEventListener("toggle", nameUnfold);

  const reveal = () => {
    const control = controls.find((each) => each.id === decodeURIComponent(location.hash.slice(1)));
    if (!control) return;
    if (control.hidden) reset();
    control.open = true;
    control.scrollIntoView({ block: "start" });
    one("summary", control).focus({ preventScroll: true });
  };
  addEventListener("hashchange", reveal);
  for (const link of all('a[href^="#"]')) link.addEventListener("click", () => { if (link.hash === location.hash) setTimeout(reveal); });

  addEventListener("keydown", (event) => {
    const typing = event.target.matches("input, select, textarea");
    if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey && !event.altKey) { event.preventDefault(); search.focus(); }
    if (event.key === "Escape" && event.target === search) reset();
  });

  const copied = async (pre) => {
    try {
      await navigator.clipboard.writeText(pre.textContent);
      return true;
    } catch {
      getSelection().selectAllChildren(pre);
      return document.execCommand("copy");
    }
  };
  for (const button of all(".copy")) button.addEventListener("click", async () => {
    const pre = one("pre", button.parentElement);
    button.textContent = (await copied(pre)) ? "Copied" : "Press Ctrl+C";
    setTimeout(() => { button.textContent = "Copy"; }, 2000);
  });

  // Browsers that cannot unfold by style sheet print what is open.
  const opened = [];
  addEventListener("beforeprint", () => {
    for (const each of all(".provenance, .control, .is-fail > .evidence, .is-unverified > .evidence")) if (!each.open) { each.open = true; opened.push(each); }
  });
  addEventListener("afterprint", () => { for (const each of opened.splice(0)) each.open = false; });
  one("#print").addEventListener("click", () => print());

  apply();
  reveal();
})();
