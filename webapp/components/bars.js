// Ten rows that stay; only lengths and numbers change, so the bars move instead of blinking.

export default function ({ parentElement, data }) {
  const bars = parentElement.querySelector('.bars');
  bars.setAttribute('aria-label', data.label);
  const best = Math.max(...data.values);
  data.values.forEach((value, digit) => {
    const bar = bars.children[digit];
    bar.classList.toggle('best', data.known && value === best);
    bar.querySelector('.fill').style.width = `${100 * value}%`;
    bar.querySelector('.value').textContent = data.known ? `${(100 * value).toFixed(1)}%` : '';
  });
}
