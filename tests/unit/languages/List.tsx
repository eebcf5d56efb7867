import * as React from "react";

interface Props<T> {
  items: T[];
  render: (item: T) => React.ReactNode;
}

/** A list. */
export const List = <T,>({ items, render }: Props<T>): JSX.Element => {
  const sorted = React.useMemo(() => sort(items), [items]);
  return (
    <ul>
      {sorted.map((item) => (
        <Item>{render(item)}</Item>
      ))}
    </ul>
  );
};

export class Boundary extends React.Component<Props<string>> {
  render() {
    return <Fallback />;
  }
}
