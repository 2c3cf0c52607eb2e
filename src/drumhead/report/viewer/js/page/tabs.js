// Tabs: one view is shown at a time.

/**
 * Connect the buttons of a tab list with their panels.
 * @param {HTMLElement} list its buttons have role="tab" and aria-controls
 * @param {(id: string, isShown: boolean) => void} onChange called with the panel's id when it is shown or hidden
 */
export function connectTabs(list, onChange) {
  const tabs = [...list.querySelectorAll('[role="tab"]')];
  const select = (chosen) => {
    for (const tab of tabs) {
      const isChosen = tab === chosen;
      const panel = document.getElementById(tab.getAttribute("aria-controls"));
      tab.setAttribute("aria-selected", String(isChosen));
      tab.tabIndex = isChosen ? 0 : -1;
      panel.hidden = !isChosen;
      onChange(panel.id, isChosen);
    }
  };
  tabs.forEach((tab, number) => {
    tab.addEventListener("click", () => select(tab));
    tab.addEventListener("keydown", (event) => {
      const step = { ArrowRight: 1, ArrowLeft: -1 }[event.key];
      if (step === undefined) return;
      const next = tabs[(number + step + tabs.length) % tabs.length];
      next.focus();
      select(next);
    });
  });
  select(tabs[0]);
}
