import Testing

@testable import Evaluation

@Suite struct RetrievalTaskTests {
  typealias Entry = RetrievalTask.Entry

  @Test func aPictureIsOnceInTheGalleryOfEveryLiveThatShowsIt() {
    let task = RetrievalTask([
      Entry(clipID: "a", imageID: "shoe", liveID: "x"),
      Entry(clipID: nil, imageID: "hat", liveID: "x"),
      Entry(clipID: "b", imageID: "shoe", liveID: "x"),
      Entry(clipID: "c", imageID: "sock", liveID: "y"),
      Entry(clipID: "d", imageID: "shoe", liveID: "y"),
    ])
    #expect(task.imageIDs == ["shoe", "hat", "sock"])
    #expect(task.galleries.map(\.liveID) == ["x", "y"])
    #expect(task.galleries.map(\.images) == [[0, 1], [2, 0]])
    #expect(task.queries.map(\.clipID) == ["a", "b", "c", "d"])
    #expect(task.queries.map(\.answers) == [[0], [0], [0], [1]])
    #expect(task.images(ofQuery: 3) == [2, 0])
    #expect(task.galleries[0].place(of: 2) == nil)
  }

  @Test func answersAreThoseOfTheLivesGallery() {
    let task = RetrievalTask([
      Entry(clipID: "a", imageID: "1", liveID: "x", answers: ["3", "1", "3", "elsewhere"]),
      Entry(clipID: "b", imageID: "2", liveID: "x", answers: ["9"]),
      Entry(clipID: nil, imageID: "3", liveID: "x"),
      Entry(clipID: nil, imageID: "9", liveID: "y"),
    ])
    #expect(task.queries[0].answers == [0, 2])
    #expect(task.queries[1].answers.isEmpty)  // 9 is a picture of another live
  }
}
