import CNVIDIA
import TensorCore

extension CUDABackend {
  public func softmax(_ x: Tensor, into result: Tensor) {
    requireFormat(of: x, result)
    launchRows("softmax", x, [.tensor(x), .tensor(result)])
  }

  public func softmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    requireFormat(of: y, dy, dx)
    launchRows("softmax_backward", y, [.tensor(y), .tensor(dy), .tensor(dx)])
  }

  public func logSoftmax(_ x: Tensor, into result: Tensor) {
    requireFormat(of: x, result)
    launchRows("log_softmax", x, [.tensor(x), .tensor(result)])
  }

  public func logSoftmaxBackward(y: Tensor, dy: Tensor, into dx: Tensor) {
    requireFormat(of: y, dy, dx)
    launchRows("log_softmax_backward", y, [.tensor(y), .tensor(dy), .tensor(dx)])
  }
}
