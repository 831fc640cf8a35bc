import DataLoading
import Faults
import ShardFormat
import Testing

@Suite struct SequentialReaderTests {
  let fixture: LoadingFixture
  let set: ShardSet

  init() throws {
    fixture = try LoadingFixture(count: 23)
    set = try ShardSet(folder: fixture.path)
  }

  private func all(_ reader: SequentialReader) throws -> [SequentialReader.Element] {
    var elements: [SequentialReader.Element] = []
    while let element = try reader.next() { elements.append(element) }
    return elements
  }

  @Test func theRanksTogetherReadEverySampleOnce() throws {
    for rankCount in [1, 2, 5, 23, 30] {
      var seen: [Int] = []
      for rank in 0..<rankCount {
        let elements = try all(SequentialReader(set: set, rank: rank, rankCount: rankCount, threadCount: 2))
        for element in elements {
          #expect(element.number % rankCount == rank)
          #expect(element.sample == LoadingFixture.sample(element.number))
        }
        #expect(elements.map(\.number) == elements.map(\.number).sorted())
        seen += elements.map(\.number)
      }
      #expect(seen.sorted() == Array(0..<23))
    }
  }

  @Test func aChoiceOfSamplesIsShared() throws {
    let numbers = [20, 3, 3, 7, 0]
    #expect(try all(SequentialReader(set: set, numbers: numbers)).map(\.number) == numbers)
    #expect(try all(SequentialReader(set: set, numbers: numbers, rank: 1, rankCount: 2)).map(\.number) == [3, 7])
    #expect(try all(SequentialReader(set: set, numbers: [])).isEmpty)
  }

  @Test func aDamagedSampleThrowsInItsPlace() throws {
    try fixture.damage(6)
    let reader = SequentialReader(set: set, threadCount: 3)
    for number in 0..<6 { #expect(try reader.next()?.number == number) }
    let fault = try #require(throws: Fault.self) { _ = try reader.next() }
    #expect(fault.code == .badData)
  }
}
