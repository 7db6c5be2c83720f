// Ten rows that stay; only lengths and numbers change, so the bars move instead of blinking.

const build = (bars) => {
  for (let digit = 0; digit < 10; digit++) {
    const bar = document.createElement('div');
    bar.className = 'bar';
    bar.setAttribute('role', 'listitem');
    bar.innerHTML = `<span>${digit}</span><div class="track"><div class="fill"></div></div><span class="value"></span>`;
    bars.append(bar);
  }
};

export default function ({ parentElement, data }) {
  const bars = parentElement.querySelector('.bars');
  bars.setAttribute('aria-label', data.label);
  if (!bars.children.length) build(bars);
  const best = Math.max(...data.values);
  data.values.forEach((value, digit) => {
    const bar = bars.children[digit];
    bar.classList.toggle('best', data.known && value === best);
    bar.querySelector('.fill').style.width = `${100 * value}%`;
    bar.querySelector('.value').textContent = data.known ? `${(100 * value).toFixed(1)}%` : '';
  });
}
