// Replaces Streamlit's English words wherever they appear or come back: in texts, and in what screen readers say.
const ATTRIBUTES = ['aria-label', 'title', 'placeholder'];
const OURS = '.stHtml, [data-testid="stText"], pre, code, script, style'; // perhaps somebody's words, and not Streamlit's
const literally = (text) => text.replace(/[.*+?^${}()|[\]\\]/g, '\\$&');
let observer;
let wordsBefore = [];

// A function that returns what stands for a text, or null; {name} in a word may be anything, and stays.
const translator = (words) => {
  const exact = new Map(words.filter(([word]) => !word.includes('{')));
  const patterns = words
    .filter(([word]) => word.includes('{'))
    .map(([word, own]) => [new RegExp(`^${literally(word).replace(/\\\{(\w+)\\\}/g, '(?<$1>.+)')}$`), own]);
  return (text) => {
    const word = text.trim();
    if (!word || word.length > 200) return null;
    if (exact.has(word)) return exact.get(word);
    for (const [pattern, own] of patterns) {
      const found = word.match(pattern);
      if (found) return own.replace(/\{(\w+)\}/g, (_gap, name) => found.groups[name]);
    }
    return null;
  };
};

const replaceText = (node, translate) => {
  const own = translate(node.data);
  if (own !== null && !node.parentElement?.closest(OURS)) node.data = own;
};

const replaceAttribute = (element, name, translate) => {
  const own = translate(element.getAttribute(name) ?? '');
  if (own !== null && !element.closest(OURS)) element.setAttribute(name, own);
};

const replaceAll = (root, translate) => {
  if (root.nodeType === Node.TEXT_NODE) replaceText(root, translate);
  if (root.nodeType !== Node.ELEMENT_NODE) return;
  const texts = document.createTreeWalker(root, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) replaceText(texts.currentNode, translate);
  for (const name of ATTRIBUTES) {
    if (root.hasAttribute(name)) replaceAttribute(root, name, translate);
    for (const element of root.querySelectorAll(`[${name}]`)) replaceAttribute(element, name, translate);
  }
};

export default ({ data }) => {
  observer?.disconnect();
  // In another language now: what Streamlit does not draw anew still has the words of the last one.
  if (JSON.stringify(wordsBefore) !== JSON.stringify(data.streamlit)) {
    replaceAll(document.body, translator(wordsBefore.map(([english, own]) => [own, english])));
  }
  wordsBefore = data.streamlit;
  const translate = translator(data.streamlit);
  replaceAll(document.body, translate);
  const own = new MutationObserver((changes) => {
    for (const change of changes) {
      if (change.type === 'characterData') replaceText(change.target, translate);
      else if (change.type === 'attributes') replaceAttribute(change.target, change.attributeName, translate);
      else for (const node of change.addedNodes) replaceAll(node, translate);
    }
  });
  own.observe(document.body, { subtree: true, childList: true, characterData: true, attributeFilter: ATTRIBUTES });
  observer = own;
  return () => own.disconnect();
};
