import Bytes
import Evidence
import Testing

@testable import LogParse

/// What util-linux, systemd, iproute2 and docker print as JSON: the events are those of their tables.
@Suite struct JSONCaptureTests {
  private func name(_ text: String, _ path: String = "x.txt") -> String? {
    EventDump.recognize(Array(text.utf8), path: path)?.name
  }

  private static let mounts = """
    {
       "filesystems": [
          {
             "target": "/",
             "source": "/dev/vda",
             "fstype": "ext4",
             "options": "rw,relatime",
             "children": [
                {
                   "target": "/proc/912",
                   "source": "tmpfs",
                   "fstype": "tmpfs",
                   "options": "rw"
                },{
                   "target": "/srv",
                   "source": "/dev/vdb",
                   "fstype": "xfs",
                   "options": "ro"
                }
             ]
          }
       ]
    }

    """

  @Test func mountsBelowEachOther() throws {
    let dump = try EventDump(Self.mounts, path: "findmnt_-J.txt")
    #expect(dump.format == "capture.findmnt_json")
    #expect(dump.events.map { $0.text("mount_point") } == ["/", "/proc/912", "/srv"])
    #expect(dump.events.map(\.locator.line) == [3, 9, 14])
    #expect(dump.events.allSatisfy { $0.dataType == "linux:mount" })
    // A row ends where those below it begin.
    let root = try #require(dump.events.first?.locator)
    #expect((root.length ?? 0) < 200)
    let table = try EventDump("/dev/vda on / type ext4 (rw,relatime)\n", path: "mount.txt")
    #expect(
      Set(table.events.first?.attributes ?? []) == Set(dump.events.first?.attributes ?? [])
        && table.events.first?.message == dump.events.first?.message)
  }

  @Test func ofACutTableWhatIsWhole() throws {
    let cut = String(Self.mounts.prefix(Self.mounts.count - 130))
    let dump = try EventDump(cut, path: "findmnt_-J.txt")
    #expect(dump.format == "capture.findmnt_json")
    #expect(dump.events.contains { $0.text("mount_point") == "/proc/912" })
    #expect(dump.coverages.contains { $0.state == .skipped })
    let nested = "{\"filesystems\":[" + String(repeating: "{\"target\":\"/\",\"children\":[", count: 40_000)
    let deep = try EventDump(nested, path: "findmnt_-J.txt")
    #expect(deep.events.count < 100_000)
  }

  @Test func spaceAsDfHasIt() throws {
    let dump = try EventDump(
      #"{"filesystems":[{"source":"/dev/vda","fstype":"ext4","size":"8G","used":"2G","avail":"6G","use%":"25%","target":"/"}]}"#,
      path: "x.txt")
    #expect(dump.events.map(\.dataType) == ["linux:capture:filesystem"])
    #expect(dump.events.first?.text("used_percent") == "25%" && dump.events.first?.text("device") == "/dev/vda")
  }

  @Test func blockDevices() throws {
    let dump = try EventDump(
      #"{"blockdevices":[{"name":"vda","maj:min":"254:0","rm":false,"size":"8G","ro":false,"type":"disk","mountpoints":[null],"#
        + #""children":[{"name":"vda1","maj:min":"254:1","rm":"0","size":"8G","ro":"1","type":"part","mountpoints":["/","/srv"]}]}]}"#,
      path: "lsblk_-J.txt")
    #expect(dump.format == "capture.lsblk_json")
    #expect(dump.events.map { $0.text("device") } == ["vda", "vda1"])
    #expect(dump.events.map { $0.text("mount_point") } == [nil, "/"])
    #expect(dump.events.last?.text("below_device") == "vda")
    #expect(dump.events.last?.entities.map(\.text) == ["file:/", "file:/srv"])
    // Older ones have one mount point.
    let older = try EventDump(
      #"{"blockdevices":[{"name":"vda","maj:min":"254:0","rm":false,"size":"8G","ro":false,"type":"disk","mountpoint":"/"}]}"#,
      path: "x.txt")
    #expect(older.events.first?.text("mount_point") == "/")
  }

  @Test func theKernelsMessages() throws {
    let dump = try EventDump(
      """
      {
         "dmesg": [
            {
               "pri": 4,
               "time":     3.250000,
               "msg": "x: loading out-of-tree module taints kernel."
            },{
               "fac": "kern",
               "pri": "err",
               "time": "Wed Nov 25 05:20:12 2026",
               "msg": "oom"
            }
         ]
      }

      """, path: "dmesg_-J.txt")
    #expect(dump.format == "capture.dmesg_json")
    let plain = try EventDump("<4>[    3.250000] x: loading out-of-tree module taints kernel.\n", path: "dmesg.txt")
    #expect(plain.format == "linux.dmesg")
    #expect(Set(plain.events.first?.attributes ?? []) == Set(dump.events.first?.attributes ?? []))
    #expect(dump.events.last?.time?.description == "2026-11-25T05:20:12Z")
    #expect(dump.events.last?.integer("severity") == 3)
  }

  @Test func units() throws {
    let units = try EventDump(
      #"[{"unit":"ssh.service","load":"loaded","active":"active","sub":"running","description":"OpenSSH"}]"#,
      path: "x.txt")
    let table = try EventDump("ssh.service loaded active running OpenSSH\n", path: "x.txt")
    #expect(units.format == "capture.systemctl_json" && table.format == "capture.systemd_units")
    #expect(units.events.map(\.message) == table.events.map(\.message))
    #expect(units.events.map { Set($0.attributes) } == table.events.map { Set($0.attributes) })
    let files = try EventDump(#"[{"unit_file":"x.service","state":"enabled","preset":null}]"#, path: "x.txt")
    #expect(files.events.first?.text("file_state") == "enabled")
    let timers = try EventDump(
      #"[{"next":1795647600000000,"left":1,"last":1795584012000000,"passed":9,"unit":"x.timer","activates":"x.service"},"#
        + #"{"next":0,"left":0,"last":null,"passed":null,"unit":"y.timer","activates":"y.service"}]"#, path: "x.txt")
    #expect(timers.events.map { $0.time?.description } == ["2026-11-25T05:20:12.000000Z", nil])
    #expect(timers.events.map { $0.text("starts_unit") } == ["x.service", "y.service"])
    let sockets = try EventDump(
      #"[{"listen":"0.0.0.0:22","unit":"ssh.socket","activates":"ssh.service"}]"#, path: "x.txt")
    #expect(sockets.events.first?.text("listens_on") == "0.0.0.0:22")
  }

  @Test(arguments: [
    #"[{"unit":"kg","load":12}]"#, #"{"filesystems":"none"}"#, #"{"dmesg":[]}"#, #"[{"unit":"x","value":3}]"#,
    #"{"Image":"x","Names":"y"}"#,
  ])
  func otherRecords(_ text: String) {
    #expect(
      ![
        "capture.systemctl_json", "capture.findmnt_json", "capture.lsblk_json", "capture.dmesg_json",
        "capture.docker_ps_json",
      ].contains(name(text)))
  }

  @Test func routesThatLeadNowhereOrManyWays() throws {
    let dump = try EventDump(
      #"[{"dst":"default","gateway":"10.0.2.1","dev":"ens5","flags":[]},"#
        + #"{"dst":"10.60.0.0/16","flags":[],"nexthops":[{"gateway":"10.9.0.3","dev":"e0"},{"gateway":"10.9.0.4","dev":"e1"}]},"#
        + #"{"type":"blackhole","dst":"203.0.113.0/24","flags":[]}]"#, path: "ip_-j_route.txt")
    #expect(dump.format == "capture.ip_json")
    #expect(dump.events.map { $0.text("gateway") } == ["10.0.2.1", "10.9.0.3", "10.9.0.4", nil])
    #expect(dump.events.last?.text("route_type") == "blackhole")
    let rules = try EventDump(#"[{"priority":500,"src":"10.9.0.2","table":"100"}]"#, path: "x.txt")
    #expect(rules.events.map(\.message) == ["Packets from 10.9.0.2 lookup 100."])
  }

  @Test func aBridgesPortsAreNoInterfaces() throws {
    let dump = try EventDump(
      #"[{"mac":"00:00:00:00:00:00","ifname":"vx0","dst":"203.0.113.77","flags":["self"],"state":"permanent"}]"#,
      path: "bridge_-j_fdb.txt")
    #expect(dump.events.map(\.dataType) == ["linux:capture:neighbour"])
    #expect(dump.events.first?.entities.map(\.text) == ["address:203.0.113.77"])
    let brief = try EventDump(
      #"[{"ifname":"ens5","operstate":"UP","addr_info":[{"local":"10.0.2.15","prefixlen":24}]}]"#, path: "x.txt")
    #expect(brief.events.first?.entities.map(\.text) == ["address:10.0.2.15"])
  }

  @Test func containers() throws {
    let dump = try EventDump(
      #"{"Command":"\"sh -c x\"","CreatedAt":"2026-11-25 14:20:12 +0900 KST","ID":"4c01db0b339c","Image":"alpine","Names":"evil","Ports":"","Status":"Up 2 hours"}"#
        + "\n", path: "docker_ps.txt")
    #expect(dump.format == "capture.docker_ps_json")
    #expect(dump.events.first?.time?.nanoseconds == Timestamp(iso8601: "2026-11-25T05:20:12Z")?.nanoseconds)
    #expect(dump.events.first?.text("command") == "sh -c x")
  }
}
