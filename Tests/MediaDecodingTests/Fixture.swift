import Foundation

@testable import MediaDecoding

/// The files that `Fixtures/make_fixtures.py` made.
enum Fixture {
  static func path(_ name: String) -> String {
    Bundle.module.resourceURL!.appendingPathComponent("Fixtures").appendingPathComponent(name).path
  }

  static func bytes(_ name: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path(name))))
  }

  /// A fresh folder, removed after `body`.
  static func withFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let folder = FileManager.default.temporaryDirectory.appendingPathComponent("media-\(UUID().uuidString)")
    try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
    defer { try? FileManager.default.removeItem(at: folder) }
    return try body(folder.path)
  }

  static func read(_ path: String) throws -> [UInt8] {
    Array(try Data(contentsOf: URL(fileURLWithPath: path)))
  }

  static func write(_ bytes: [UInt8], to path: String) throws {
    try Data(bytes).write(to: URL(fileURLWithPath: path))
  }

  /// The bytes of luma and colour, row after row.
  static func planes(of view: PixelView) -> [UInt8] {
    guard case .yuv420(let luma, let colour, _) = view else { return [] }
    return ([luma] + (colour.map { [$0.0, $0.1] } ?? [])).flatMap { plane in
      (0..<plane.height).flatMap { row in
        Array(UnsafeBufferPointer(start: plane.base + row * plane.stride, count: plane.width))
      }
    }
  }

  /// A clip whose frame i is the grey 16·i.
  static func greys(
    _ count: Int, at path: String, codec: VideoWriter.Codec = .h264, using conversion: PixelConversion = .init()
  ) throws {
    let writer = try VideoWriter(
      path: path, configuration: .init(width: 64, height: 48, codec: codec), using: conversion)
    for index in 0..<count {
      let level = UInt8(16 * index)
      try writer.append(RGBImage(width: 64, height: 48, red: level, green: level, blue: level))
    }
    try writer.finish()
  }
}
