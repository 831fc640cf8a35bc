import Randomness

/// The assortment of one live: many products that differ from another in one attribute only.
enum DemoShop {
  /// `count` different products outside `forbidden`, rather such as are not in `used` yet.
  ///
  /// Four in ten are drawn afresh, the others as look-alikes of one that is already there.
  static func assortment(
    count: Int, forbidden: Set<DemoProduct>, used: Set<DemoProduct>, random: inout RandomStream
  ) -> [DemoProduct] {
    precondition(count + forbidden.count < DemoProduct.combinationCount, "\(count) products are not left")
    var products: [DemoProduct] = []
    var own = Set<DemoProduct>()
    var refusals = 0
    while products.count < count {
      let product =
        products.isEmpty || random.uniform() < 0.4 || refusals > 200
        ? DemoProduct.random(&random) : products[random.integer(below: products.count)].lookAlike(&random)
      let repeated = used.contains(product) && refusals < 50
      guard !repeated, !forbidden.contains(product), own.insert(product).inserted else {
        refusals += 1
        continue
      }
      refusals = 0
      products.append(product)
    }
    return products
  }
}
