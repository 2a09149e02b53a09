package shop.orders;

import java.util.List;
import static java.util.Objects.requireNonNull;

/**
 * Takes orders and charges for them.
 */
@Service
public final class OrderService extends BaseService<Order> implements AutoCloseable, Auditable {

  private static final int MAX_LINES = 100;
  private final PaymentGateway gateway;

  public OrderService(PaymentGateway gateway) {
    this.gateway = requireNonNull(gateway);
  }

  /** Charges the customer; an order that is paid already is left alone. */
  @Override
  @Transactional
  public Receipt pay(Order order) throws PaymentException {
    if (order.isPaid()) {
      return Receipt.of(order);
    }
    gateway.charge(order.total());
    return new Receipt(order, Clock.systemUTC());
  }

  @Override
  public void close() {
    gateway.close();
  }

  enum State { OPEN, PAID }

  record Line(String sku, int count) {}

  interface Listener extends EventListener {
    void onPaid(Order order);
  }
}
