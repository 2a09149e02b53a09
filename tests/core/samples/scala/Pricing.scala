package shop.pricing

import cats.data.NonEmptyList
import shop.domain.{Money, Order}

/** Rules that change a price. */
sealed trait Rule extends Product with Serializable {
  def apply(order: Order): Money
}

final case class Discount(percent: Int) extends Rule {
  def apply(order: Order): Money = order.total * percent / 100
}

/** Works out what an order costs. */
class Pricing(rules: NonEmptyList[Rule]) extends Calculator[Order] with Logging {
  private val zero = Money.zero

  type Price = Money

  /** Applies every rule in turn. */
  def price(order: Order): Money = {
    val reductions = rules.map(rule => rule(order))
    logger.debug(s"reductions: $reductions")
    reductions.foldLeft(order.total)((total, reduction) => total.minus(reduction))
  }

  private def audit(order: Order): Unit = {
    repository.save(new Audit(order, zero))
  }
}

object Pricing extends App {
  val default: Pricing = new Pricing(NonEmptyList.one(Discount(10)))

  def fromConfig(config: Config): Pricing = {
    val rules = config.rules.map(Discount.apply)
    new Pricing(NonEmptyList.fromListUnsafe(rules))
  }
}
