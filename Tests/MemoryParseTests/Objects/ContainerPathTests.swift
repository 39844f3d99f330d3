import Testing

@testable import MemoryParse

struct ContainerPathTests {
  static let id = String(repeating: "3f", count: 32)
  static let other = String(repeating: "a0", count: 32)
  static let uid = "6f1ad9d2-1c3e-4b5a-9f00-0123456789ab"
  static let plain = "6f1ad9d21c3e4b5a9f000123456789ab"
  static let under = "6f1ad9d2_1c3e_4b5a_9f00_0123456789ab"

  @Test(arguments: [
    "/docker/\(id)", "/system.slice/docker-\(id).scope", "/system.slice/docker-\(id).scope/init", "/moby/\(id)",
    "/user.slice/user-1000.slice/user@1000.service/app.slice/docker-\(id).scope", "/docker/\(other)/docker/\(id)",
    "/default/\(id)", "/system.slice/nerdctl-\(id).scope", "/machine.slice/libpod-\(id).scope/container",
    "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-\(id).scope", "/libpod_parent/libpod-\(id)",
    "/system.slice/shop.service/libpod-payload-\(id)", "/actions_job/\(id)",
  ]) func namesContainers(_ path: String) {
    #expect(ContainerPath(path).container == Self.id)
    #expect(ContainerPath(path).pod == nil)
  }

  @Test(arguments: [
    "/kubepods/burstable/pod\(uid)/\(id)", "/kubepods/pod\(uid)/\(id)", "/kubepods/besteffort/pod\(uid)/crio-\(id)",
    "/kubepods.slice/kubepods-burstable.slice/kubepods-burstable-pod\(under).slice/cri-containerd-\(id).scope",
    "/kubepods.slice/kubepods-pod\(under).slice/docker-\(id).scope",
    "/kubepods.slice/kubepods-besteffort.slice/kubepods-besteffort-pod\(under).slice/crio-\(id).scope/container",
    "/system.slice/containerd.service/kubepods-burstable-pod\(under).slice:cri-containerd:\(id)",
    "/kubelet.slice/kubelet-kubepods.slice/kubelet-kubepods-pod\(under).slice/cri-containerd-\(id).scope",
  ]) func namesContainersAndPodsOfKubernetes(_ path: String) {
    #expect(ContainerPath(path).container == Self.id)
    #expect(ContainerPath(path).pod == Self.uid)
  }

  @Test func namesStaticPods() {
    let found = ContainerPath(
      "/kubepods.slice/kubepods-burstable-pod\(Self.plain).slice/cri-containerd-\(Self.id).scope")
    #expect(found.pod == Self.plain && found.container == Self.id)
  }

  @Test func namesPodsOfPodman() {
    let systemd = ContainerPath("/machine.slice/machine-libpod_pod_\(Self.other).slice/libpod-\(Self.id).scope")
    #expect(systemd.pod == Self.other && systemd.container == Self.id)
    let plain = ContainerPath("/libpod_parent/\(Self.other)/libpod-\(Self.id)")
    #expect(plain.pod == Self.other && plain.container == Self.id)
  }

  @Test(arguments: [
    ("/ecs/\(uid)/\(id)", uid, id), ("/ecs/shop/\(plain)/\(id)", plain, id),
    ("/ecs/\(plain)/\(plain)-2531612879", plain, "\(plain)-2531612879"),
    ("/ecs/\(uid)/\(uid)-0123", uid, "\(uid)-0123"),
    ("/ecstasks.slice/ecstasks-\(plain).slice/docker-\(id).scope", plain, id),
  ]) func namesTasksOfECS(_ path: String, _ task: String, _ container: String) {
    #expect(ContainerPath(path).pod == task)
    #expect(ContainerPath(path).container == container)
  }

  @Test func namesContainersCalledByWords() {
    #expect(ContainerPath("/lxc/web/system.slice/cron.service").container == "web")
    #expect(ContainerPath("/lxc.payload.web/init.scope").container == "web")
    #expect(ContainerPath("/machine.slice/systemd-nspawn@build.service/payload").container == "build")
    #expect(ContainerPath("/machine.slice/machine-build.scope").container == "build")
  }

  @Test(arguments: [
    "/", "", "/system.slice/ssh.service", "/x/\(id)0", "/x/\(id.uppercased())", "/x/\(id.dropLast())",
    "/user.slice/user-1000.slice/session-3.scope", "/machine.slice/libpod-conmon-\(id).scope", "/init.scope",
    "/kubepods.slice/kubepods-pod\(under).slice/crio-conmon-\(id).scope", "/system.slice/podman.service",
    "/system.slice/run-docker-netns-1f2e.mount", "/lxc.monitor.web", "////", "/a:::b/:", "/ecs/", "/pod/pod-/-pod",
  ]) func namesNothingElse(_ path: String) {
    #expect(ContainerPath(path).container == nil)
  }

  @Test func endsOnALongPath() {
    #expect(ContainerPath(String(repeating: "/-pod", count: 5000)).container == nil)
  }
}
