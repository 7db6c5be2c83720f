// Screen readers, and the browser's choice of Chinese or Japanese glyphs, go by the page's declared language.
export default ({ data }) => {
  document.documentElement.lang = data.language;
};
