/// Which part of a data set that has two.
public enum DataPart: String, Codable, Sendable, CaseIterable {
  case train
  case test
}
