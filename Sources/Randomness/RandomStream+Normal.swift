#if canImport(Glibc)
  import Glibc
#endif

extension RandomStream {
  /// A standard normal number by Box and Muller: √(−2 ln u₁) · cos(2π u₂).
  ///
  /// Two uniforms a number and none kept, so that the n-th number does not depend on what was drawn between.
  public mutating func normal() -> Double {
    let u1 = 1 - uniform()  // (0, 1]: the logarithm is finite
    let u2 = uniform()
    return (-2 * log(u1)).squareRoot() * cos(2 * Double.pi * u2)
  }
}
