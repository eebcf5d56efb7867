import React, { useState } from 'react';
import { Button } from './Button';

// Shows a panel.
export function Panel({ title, children }) {
  const [open, setOpen] = useState(false);
  const toggle = () => setOpen(!open);
  return (
    <section>
      <Button onClick={toggle}>{title}</Button>
      {open && <Body.Inner>{children}</Body.Inner>}
    </section>
  );
}

const Row = React.memo(({ item }) => {
  return <Cell value={item} />;
});

export default function () {
  return <Panel title="x" />;
}
