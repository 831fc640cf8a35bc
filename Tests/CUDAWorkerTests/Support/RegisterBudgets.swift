/// How many registers a kernel may take: what its owner counted on for the blocks that share a multiprocessor.
enum RegisterBudgets {
  /// Of kernels that none of the table is about: 1,024 threads of them fill a multiprocessor's registers.
  static let usual = 64

  /// By the beginning of the name; the longest that fits counts.
  private static let special: [(prefix: String, registers: Int)] = [
    ("attention_keys56_", 128),
    ("attention_keys64_", 168),
    ("attention_long_", 255),
    ("attention_mix_", 128),
    ("attention_score_", 128),
    ("attention_backward_", 255),
    ("attention_backward_keys56_", 168),
    ("attention_backward_keys64_", 210),
    ("layer_norm_backward_", 96),
    ("product_any_", 80),
    ("product_any_f64", 128),
  ]

  static func registers(of kernel: String) -> Int {
    let fitting = special.filter { kernel.hasPrefix($0.prefix) }
    return fitting.max { $0.prefix.count < $1.prefix.count }?.registers ?? usual
  }
}
