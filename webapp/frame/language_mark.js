// Screen readers, and the browser's choice of Chinese or Japanese glyphs, go by the page's declared language. They are
// also told which link of the menu leads to the open page: Streamlit shows that by its looks alone.
// Popovers and dialogs stand outside the app, which alone knows whether it is light or dark.
export default ({ data }) => {
  const page = document.documentElement;
  page.lang = data.language;
  page.style.colorScheme = getComputedStyle(document.querySelector('.stApp')).colorScheme;
  for (const link of document.querySelectorAll('.stMain [data-testid="stPageLink-NavLink"]')) {
    if (link.closest('[class*="st-key-open-"]')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
};
