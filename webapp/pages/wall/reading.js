// What is read on the pad, while the pen moves and after: one line. `drawing_pad.js` tells what the server answers.

const show = (root, digits, certainty) => {
  root.querySelector('b').textContent = digits;
  root.querySelector('span').textContent = certainty;
};

export default function ({ parentElement, data }) {
  const root = parentElement.querySelector('.wall-reading');
  const spoken = parentElement.querySelector('.wall-spoken');
  root.about = data.about;
  show(root, data.digits, data.certainty);
  root.off?.abort(); // Streamlit calls this again with new data, and cleans up only in the end
  root.off = new AbortController();
  addEventListener(
    'mnist-answer',
    ({ detail: { about, content, live } }) => {
      if (about !== root.about || !content) return;
      show(root, content.digits.map(([text]) => text).join(''), content.certainty);
      if (!live) spoken.textContent = content.spoken; // for those who hear the page, once the pen is lifted
    },
    { signal: root.off.signal },
  );
  return () => root.off.abort();
}
