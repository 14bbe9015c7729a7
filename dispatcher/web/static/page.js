// Small comforts that every page can do without: printing, ticking all, asking before a grave step.
document.querySelectorAll("[data-print]").forEach((button) => {
  button.hidden = false;
  button.addEventListener("click", () => window.print());
});

document.querySelectorAll("[data-all]").forEach((box) => {
  const boxes = [...document.querySelectorAll(`input[name="${box.dataset.all}"]`)];
  box.closest("[hidden]")?.removeAttribute("hidden");
  box.addEventListener("change", () => boxes.forEach((one) => (one.checked = box.checked)));
});

document.querySelectorAll("[data-refresh]").forEach((part) => {
  const again = async () => {
    const answer = await fetch(part.dataset.refresh, { headers: { Accept: "text/html" } }).catch(() => null);
    if (answer?.ok) {
      const fresh = new DOMParser().parseFromString(await answer.text(), "text/html").getElementById(part.id);
      if (fresh && fresh.innerHTML !== part.innerHTML) part.innerHTML = fresh.innerHTML;
      if (!fresh?.dataset.refresh) return location.reload();
    }
    setTimeout(again, 1500);
  };
  setTimeout(again, 1500);
});
