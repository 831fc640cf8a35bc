import Randomness

/// What a shop writes and a host says about a product.
enum DemoText {
  private static let shapes = [
    ("圆形", "round"), ("方形", "square"), ("三角形", "triangle"), ("十字形", "cross"), ("环形", "ring"), ("心形", "heart"),
  ]
  private static let sizes = [("小号", "S", "small"), ("中号", "M", "medium"), ("大号", "L", "large")]
  private static let patterns = [("纯色", "plain"), ("条纹", "striped"), ("格纹", "checked"), ("圆点", "dotted")]
  private static let colours = [
    ("红", "red"), ("蓝", "blue"), ("绿", "green"), ("黄", "yellow"), ("粉", "pink"), ("青", "cyan"), ("紫", "violet"),
    ("白", "white"),
  ]
  private static let shopWords = [
    "新款", "包邮", "春夏", "百搭", "ins风", "限量", "直播专享", "旗舰店", "礼盒装", "new", "free shipping", "gift box",
    "limited", "best seller",
  ]
  private static let chatter = [
    "家人们", "看过来", "库存不多了", "三二一上链接", "喜欢的扣一", "真的很好看", "主播自己也在用", "今天只有这个价", "左下角小黄车", "新来的点个关注",
    "来看细节", "这个质感", "错过就没有了", "给大家转一圈", "听我说",
  ]
  private static let englishChatter = [
    "hello everyone", "look at this", "only a few left", "link is up now", "tap the cart", "really lovely",
    "I use it myself",
    "today only", "let me turn it", "see the details", "so many of you", "trust me", "last chance", "welcome in",
    "what a price",
  ]

  static func category(_ product: DemoProduct) -> String { shapes[product.shape.rawValue].1 }

  static func name(_ size: DemoProduct.Size) -> String { sizes[size.rawValue].2 }

  /// `红底白条纹圆形 大号 Red white striped round L 新款`: every attribute in both languages, and two words of the shop.
  static func title(_ product: DemoProduct, random: inout RandomStream) -> String {
    let (colour, pattern) = (colours[product.colour.rawValue], patterns[product.pattern.rawValue])
    let (shape, size) = (shapes[product.shape.rawValue], sizes[product.size.rawValue])
    let second = product.second.map { colours[$0.rawValue] }
    let chinese = second.map { "\(colour.0)底\($0.0)\(pattern.0)" } ?? "\(colour.0)色\(pattern.0)"
    let english = second.map { "\(colour.1) \($0.1) \(pattern.1)" } ?? "\(colour.1) \(pattern.1)"
    let words = (0..<2).map { _ in shopWords[random.integer(below: shopWords.count)] }
    return
      "\(words[0]) \(chinese)\(shape.0) \(size.0) \(english.prefix(1).uppercased())\(english.dropFirst()) \(shape.1) \(size.1)"
      + " \(words[1])"
  }

  /// A host's speech as a recogniser hears it: each attribute with probability 0.55, among six phrases of chatter, and
  /// now and then a word of another product of the shop.
  static func speech(_ product: DemoProduct, others: [DemoProduct], random: inout RandomStream) -> String {
    let isChinese = random.uniform() < 0.6
    var said = words(of: product, isChinese).filter { _ in random.uniform() < 0.55 }
    if random.uniform() < 0.15, !others.isEmpty {
      let wrong = words(of: others[random.integer(below: others.count)], isChinese)
      said.append(wrong[random.integer(below: wrong.count)])
    }
    let phrases = isChinese ? chatter : englishChatter
    for _ in 0..<6 { said.append(phrases[random.integer(below: phrases.count)]) }
    said.shuffle(using: &random)
    return said.joined(separator: isChinese ? "" : " ")
  }

  private static func words(of product: DemoProduct, _ isChinese: Bool) -> [String] {
    let (colour, shape) = (colours[product.colour.rawValue], shapes[product.shape.rawValue])
    let (size, pattern) = (sizes[product.size.rawValue], patterns[product.pattern.rawValue])
    var words =
      isChinese ? [shape.0, size.0, colour.0 + "色", pattern.0] : [shape.1, size.2, colour.1, pattern.1]
    if let second = product.second {
      words.append(isChinese ? colours[second.rawValue].0 + "色" : colours[second.rawValue].1)
    }
    return words
  }
}
