// Sets or clears the cookie by which a browser is known again; each order once, however often it is given.

const NAME = 'mnist_visitor';
const YEAR = 365 * 24 * 60 * 60; // seconds

export default function ({ data }) {
  if (!data?.order || sessionStorage.getItem(NAME) === data.order) return;
  sessionStorage.setItem(NAME, data.order);
  document.cookie = `${NAME}=${data.id}; path=/; SameSite=Strict; max-age=${data.id ? YEAR : 0}`;
}
