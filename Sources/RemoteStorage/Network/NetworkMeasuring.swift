/// A storage that reads from the network, and counts it.
public protocol NetworkMeasuring {
  var networkUsage: NetworkUsage { get }
}
