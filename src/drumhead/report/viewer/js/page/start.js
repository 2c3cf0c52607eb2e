// The start of the page: its tabs and views.

import { pauseDrum, startDrum } from "../drum/start.js";
import { pageJson } from "./network_file.js";
import { NetworkView } from "./network_view.js";
import { connectTabs } from "./tabs.js";

let networkView = null;

function startPage() {
  const tabs = document.getElementById("tabs");
  if (tabs !== null) connectTabs(tabs, showView);
  else for (const view of document.querySelectorAll("main > section")) showView(view.id, true);
  document.documentElement.classList.add("started");
}

function showView(id, isShown) {
  if (id === "network-view") showNetwork(isShown);
  if (id === "drum-view" && isShown) startDrum(document.getElementById(id), pageJson("drum-worker"));
  if (id === "drum-view" && !isShown) pauseDrum();
}

function showNetwork(isShown) {
  if (!isShown) {
    networkView?.pause();
  } else if (networkView === null) {
    const root = document.getElementById("network-view");
    networkView = new NetworkView(root, pageJson("network"), pageJson("settings"), pageJson("worker"));
  }
}

startPage();
