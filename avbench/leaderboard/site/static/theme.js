// Before the first picture: the theme that was chosen, if any; else the system's own holds.
(function () {
  try {
    var theme = localStorage.getItem("avbench-theme");
    if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
  } catch (e) { /* a browser that keeps nothing */ }
})();
