// Opens the terminal once its font is there, gives it the focus, and tells how a session ended.
"use strict";

const terminal = document.getElementById("terminal");
const end = document.getElementById("end");
const complaint = document.getElementById("complaint");
const REASONS = { 1000: "ended", 1011: "failed", 1013: "full" };

const focusTerminal = () => terminal.querySelector("textarea")?.focus();

// Why an app could not begin. Bytes are for the terminal, and other messages for its script.
function keepComplaint(message) {
  const [kind, text] = typeof message === "string" ? JSON.parse(message) : [];
  if (kind === "refused") complaint.textContent = text;
}

function tellEnd(code) {
  const reason = complaint.textContent ? "refused" : (REASONS[code] ?? "lost");
  end.querySelector(`[data-reason=${reason}]`).classList.add("told");
  document.body.classList.add("-closed", reason);
  end.show();
  document.getElementById("again").focus();
}

// The terminal's script opens the only socket here. It speaks before that is open, and after it is closed, and keeps
// to itself why it was closed.
window.WebSocket = class extends WebSocket {
  constructor(...parts) {
    super(...parts);
    this.addEventListener("message", (event) => keepComplaint(event.data));
    this.addEventListener("close", (event) => tellEnd(event.code));
  }

  send(data) {
    if (this.readyState === WebSocket.CONNECTING) {
      this.addEventListener("open", () => super.send(data), { once: true });
    } else if (this.readyState === WebSocket.OPEN) {
      super.send(data);
    }
  }
};

function openTerminal() {
  // The script waits for the window to be loaded; by then, it may have been.
  const open = window.onload;
  window.onload = null;
  open();
  focusTerminal();
}

terminal.dataset.sessionWebsocketUrl = `${location.origin.replace(/^http/, "ws")}/ws`;
document.getElementById("again").addEventListener("click", () => location.reload());
window.addEventListener("focus", () => {
  if (!end.open) focusTerminal();
});

const faces = ["16px 'Roboto Mono'", "bold 16px 'Roboto Mono'"];
Promise.allSettled(faces.map((face) => document.fonts.load(face, "W가"))).then(() => {
  const script = document.createElement("script");
  script.src = "/static/js/textual.js";
  script.addEventListener("load", openTerminal);
  document.head.append(script);
});
