// Runs in <head> before the first paint: marks that scripts work and applies the stored colours.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* storage is off: the system's colours apply */ }
