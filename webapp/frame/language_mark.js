// Screen readers, and the browser's choice of Chinese or Japanese glyphs, go by the page's declared language. They are
// also told which link of the menu leads to the open page: Streamlit shows that by its looks alone.
export default ({ data }) => {
  document.documentElement.lang = data.language;
  for (const link of document.querySelectorAll('.stMain [data-testid="stPageLink-NavLink"]')) {
    if (link.closest('[class*="st-key-open-"]')) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
};
