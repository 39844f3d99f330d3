import Evidence
import Testing

@testable import LogParse

@Suite struct ProcessTreeTests {
  /// `pid<-ppid command`, in order.
  private func tree(_ text: String) throws -> [String] {
    let dump = try EventDump(text, path: "pstree.txt")
    #expect(dump.format == "capture.pstree" && HostileInputTests.isWhole(dump, text.utf8.count), "\(text)")
    return dump.events.map {
      "\($0.integer("pid") ?? 0)<-\($0.integer("ppid") ?? 0) \($0.text("command_line") ?? "")"
    }
  }

  @Test func drawings() throws {
    let ascii = """
      systemd(1)-+-accounts-daemon(701)-+-{accounts-daemon}(712)
                 |                      `-{accounts-daemon}(721)
                 |-java(800)-+-bash(912)---sh(915)---xmrig(920)
                 |           `-{java}(801)
                 |-sshd(640)---sshd(1201,ubuntu)---bash(1210)-+-pstree(1300)
                 |                                            `-tmux: server(1299)
                 `-systemd-logind(460)

      """
    let expected = [
      "1<-0 systemd", "701<-1 accounts-daemon", "800<-1 java", "912<-800 bash", "915<-912 sh", "920<-915 xmrig",
      "640<-1 sshd", "1201<-640 sshd", "1210<-1201 bash", "1300<-1210 pstree", "1299<-1210 tmux: server",
      "460<-1 systemd-logind",
    ]
    #expect(try tree(ascii) == expected)
    let drawn = ascii.replacing("-+-", with: "─┬─").replacing("---", with: "───").replacing("|-", with: "├─")
      .replacing("`-", with: "└─").replacing("|", with: "│")
    #expect(try tree(drawn) == expected)
    let arguments = """
      systemd,1 --system
        |-java,800,tomcat -Dx=(12) start
        |   |-bash,912 -i
        |   |   `-xmrig,920 -o 198.51.100.7:3333
        |   `-{java},801
        `-sshd,640

      """
    #expect(
      try tree(arguments) == [
        "1<-0 systemd --system", "800<-1 java -Dx=(12) start", "912<-800 bash -i",
        "920<-912 xmrig -o 198.51.100.7:3333", "640<-1 sshd",
      ])
  }

  @Test func lookalikes() {
    for text in [
      "see(1)\n  and more\n", "a(1)\nb(2)\n", "f(1)-g(2)\nx\n", "  |-a(1)\n  `-b(2)\n",
      "systemd-+-cron\n        `-sshd\n",
    ] {
      #expect(EventDump.recognize(Array(text.utf8), path: "x.txt")?.name != "capture.pstree", "\(text)")
    }
  }
}
