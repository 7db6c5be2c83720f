// Lets the server set or clear the cookie by which a browser is known again; each order once, however often it is given.

const NAME = 'mnist_visitor';

export default async function ({ data }) {
  if (!data?.order || sessionStorage.getItem(NAME) === data.order) return;
  const answer = await fetch(data.route, { method: 'POST', body: data.order });
  if (answer.ok) sessionStorage.setItem(NAME, data.order);
}
