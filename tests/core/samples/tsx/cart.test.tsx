import { render, screen } from "@testing-library/react";
import { Cart } from "./Cart";

const items = [{ id: "a", price: 3 }];

function Wrapper({ children }: Props) {
  return <ThemeProvider theme={dark}>{children}</ThemeProvider>;
}

describe("Cart", () => {
  beforeEach(() => {
    resetStore(items);
  });

  it("shows the total of all items", async () => {
    render(<Cart items={items} />, { wrapper: Wrapper });
    expect(await screen.findByText("3.00")).toBeVisible();
  });

  describe("when empty", () => {
    it("invites to shop", () => {
      render(<Cart items={[]} />);
      expect(screen.getByRole("link")).toHaveAttribute("href", "/shop");
    });
  });
});
