import COneDNN
import Glibc

/// The products that a thread has computed lately, to be computed again without making oneDNN's objects anew: that
/// costs 0.3 to 0.8 ms, as much as a small product.
///
/// Shapes follow the number of frames in a batch, so the cache is bounded: the product that was used longest ago goes.
final class OneDNNProducts {
  /// Shapes that a thread keeps. A transformer block takes twelve for each number of rows.
  static let defaultCapacity = 384

  let capacity: Int
  private var products: [OneDNNProductShape: OneDNNProduct] = [:]
  private var useCount = 0
  private var stream: dnnl_stream_t
  /// Memory that one product at a time works in: as large as the largest has needed.
  private var scratch = UnsafeMutableRawBufferPointer(start: nil, count: 0)

  init(capacity: Int = OneDNNProducts.defaultCapacity) {
    precondition(capacity > 0, "a cache of \(capacity) products")
    self.capacity = capacity
    // Rows and columns are shared out by the worker's own threads. libgomp keeps this for each calling thread.
    omp_set_num_threads(1)
    var stream: dnnl_stream_t?
    OneDNN.check(
      dnnl_stream_create(&stream, OneDNN.engine, UInt32(dnnl_stream_default_flags.rawValue)), "dnnl_stream_create")
    self.stream = stream!
  }

  deinit {
    products = [:]
    dnnl_stream_destroy(stream)
    free(scratch.baseAddress)
  }

  var count: Int { products.count }

  func contains(_ shape: OneDNNProductShape) -> Bool { products[shape] != nil }

  func run(
    _ shape: OneDNNProductShape, _ a: UnsafeMutableRawPointer, _ b: UnsafeMutableRawPointer,
    into c: UnsafeMutableRawPointer, bias: UnsafeMutableRawPointer?
  ) {
    let product = product(of: shape)
    product.run(a, b, into: c, bias: bias, scratch: scratch(product.scratchByteCount), stream: stream)
  }

  func product(of shape: OneDNNProductShape) -> OneDNNProduct {
    useCount += 1
    if let product = products[shape] {
      product.lastUse = useCount
      return product
    }
    if products.count >= capacity, let oldest = products.values.min(by: { $0.lastUse < $1.lastUse }) {
      products[oldest.shape] = nil
    }
    let product = OneDNNProduct(shape)
    product.lastUse = useCount
    products[shape] = product
    return product
  }

  private func scratch(_ byteCount: Int) -> UnsafeMutableRawPointer {
    if let address = scratch.baseAddress, scratch.count >= byteCount { return address }
    free(scratch.baseAddress)
    var address: UnsafeMutableRawPointer?
    let size = max(byteCount, 1 << 16)
    guard posix_memalign(&address, 4096, size) == 0, let address else {
      fatalError("out of memory: \(size) bytes of scratch memory for a product; lower the batch size")
    }
    scratch = UnsafeMutableRawBufferPointer(start: address, count: size)
    return address
  }
}

extension OneDNNProducts {
  /// Where each thread's products are; they go with the thread.
  private static let key: pthread_key_t = {
    var key = pthread_key_t()
    let status = pthread_key_create(&key) { products in
      if let products { Unmanaged<OneDNNProducts>.fromOpaque(products).release() }
    }
    guard status == 0 else { fatalError("no key for a thread's products: error \(status)") }
    return key
  }()

  /// Those of the calling thread.
  static var ofThisThread: OneDNNProducts {
    if let products = pthread_getspecific(key) {
      return Unmanaged<OneDNNProducts>.fromOpaque(products).takeUnretainedValue()
    }
    let products = OneDNNProducts()
    let status = pthread_setspecific(key, Unmanaged.passRetained(products).toOpaque())
    guard status == 0 else { fatalError("out of memory: a thread's products, error \(status)") }
    return products
  }
}
