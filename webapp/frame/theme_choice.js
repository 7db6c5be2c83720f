// Streamlit reads the theme when a page is loaded, from where its own menu would keep it; "System" is the absence of a
// choice. The drawing, the run and the language outlive the reload.
const keyOf = (path) => `stActiveTheme-${path}-v2`;

export default function ({ parentElement, data }) {
  const group = parentElement.querySelector('.theme-choice');
  group.setAttribute('aria-label', data.label);
  const chosen = JSON.parse(localStorage.getItem(keyOf(location.pathname)) ?? '"System"');
  group.replaceChildren(
    ...Object.entries(data.names).map(([theme, name]) => {
      const button = Object.assign(document.createElement('button'), { type: 'button', textContent: name });
      button.setAttribute('aria-pressed', theme === chosen);
      button.onclick = () => {
        for (const path of data.paths) {
          if (theme === 'System') localStorage.removeItem(keyOf(path));
          else localStorage.setItem(keyOf(path), JSON.stringify(theme));
        }
        location.reload();
      };
      return button;
    }),
  );
}
