extension String {
  /// Whether there is nothing in a text to encode: it counts as missing.
  public var isBlankText: Bool { allSatisfy(\.isWhitespace) }
}
