// Small comforts that every page can do without: printing, ticking all, asking before a grave step.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

// Paper has no folds: what is closed is opened to be printed, and closed again.
let folded = [];
window.addEventListener("beforeprint", () => {
  folded = [...document.querySelectorAll("main details:not([open]):not(.no-print)")];
  folded.forEach((fold) => (fold.open = true));
});
window.addEventListener("afterprint", () => folded.forEach((fold) => (fold.open = false)));

document.querySelectorAll("[data-all]").forEach((box) => {
  const boxes = [...document.querySelectorAll(`input[name="${box.dataset.all}"]`)];
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.addEventListener("change", () => boxes.forEach((one) => (one.checked = box.checked)));
});

document.querySelectorAll("[data-refresh]").forEach((part) => {
  let pause = 1500; // grows while nothing changes: a run that waits for the morning is not asked all night
  const again = async () => {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      const changed = fresh && fresh.innerHTML !== part.innerHTML;
      if (changed) part.innerHTML = fresh.innerHTML;
      pause = changed ? 1500 : Math.min(pause * 1.5, 10_000);
      if (!fresh?.dataset.refresh) return location.reload();
    }
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
});
