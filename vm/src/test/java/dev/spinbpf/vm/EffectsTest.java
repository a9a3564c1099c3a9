package dev.spinbpf.vm;

import static org.assertj.core.api.Assertions.assertThat;

import dev.spinbpf.maps.memory.GuestMemory;
import dev.spinbpf.programs.asm.Assembler;
import dev.spinbpf.vm.exec.Helper;
import dev.spinbpf.vm.helper.EmulatedKernel;
import dev.spinbpf.vm.helper.FunctionTable;
import dev.spinbpf.vm.task.Cgroups;
import dev.spinbpf.vm.task.Task;
import dev.spinbpf.vm.task.TaskSpec;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.Objects;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.params.ParameterizedTest;
import org.junit.jupiter.params.provider.CsvSource;

/** Helpers that act on tasks, iterate over them, and spell out the paths of files. */
class EffectsTest {
    private static final String PATH_TYPES = """
        .btf
        [1] INT 'long' size=8 bits_offset=0 nr_bits=64 encoding=SIGNED
        [2] STRUCT 'qstr' size=16 vlen=2
        	'hash' type_id=1 bits_offset=0
        	'name' type_id=1 bits_offset=64
        [3] STRUCT 'dentry' size=24 vlen=2
        	'd_parent' type_id=1 bits_offset=0
        	'd_name' type_id=2 bits_offset=64
        [4] STRUCT 'path' size=16 vlen=2
        	'mnt' type_id=1 bits_offset=0
        	'dentry' type_id=1 bits_offset=64
        .program p "tc"
            r0 = 0
            exit
        """;

    private final Machine machine =
            new Machine(MachineOptions.ofCpus(2).withTasks(List.of(task(42, "/web/a"), task(43, "/web"))));
    private final EmulatedKernel kernel = machine.kernel();
    private final FunctionTable functions = new FunctionTable(kernel);

    private static TaskSpec task(int pid, String cgroup) {
        return new TaskSpec(pid, "task", 0, cgroup, List.of());
    }

    @AfterEach
    void close() {
        machine.close();
    }

    private Helper kfunc(String name) {
        return Objects.requireNonNull(functions.findKfunc(name), name);
    }

    private Helper helper(String name) {
        return Objects.requireNonNull(functions.helpers().get(name), name);
    }

    @SuppressWarnings("NullAway") // these do not look at the run
    private static long call(Helper function, long... arguments) {
        long[] all = Arrays.copyOf(arguments, 5);
        return function.call(null, all[0], all[1], all[2], all[3], all[4]);
    }

    @ParameterizedTest
    @CsvSource({"kprobe/f, 'r1 = 9; call bpf_send_signal', 0", "kprobe/f, 'r1 = 65; call bpf_send_signal', 4294967274"})
    void shouldSendSignalsThatThereAre(String section, String lines, long result) throws Exception {
        assertThat(EventContextsTest.results(".license \"GPL\"\n", section, lines.split("; ")))
                .containsExactly(result);
    }

    @Test
    void shouldWriteWhereThereIsMemoryAlone() {
        long from = kernel.arena().allocate(16);
        long to = kernel.arena().allocate(16);
        GuestMemory.putLong(from, 77);
        assertThat(call(helper("bpf_probe_write_user"), to, from, 8)).isZero();
        assertThat(GuestMemory.getLong(to)).isEqualTo(77);
        assertThat(call(helper("bpf_probe_write_user"), 8, from, 8)).isEqualTo(-14);
    }

    @Test
    void shouldIterateOverTasks() {
        List<Integer> pids = new ArrayList<>();
        long iterator = kernel.arena().allocate(24);
        assertThat(call(kfunc("bpf_iter_task_new"), iterator, 0, 0)).isZero();
        collect("bpf_iter_task_next", iterator, pids);
        assertThat(pids).containsExactly(1000, 1001, 42, 43);
        assertThat(call(kfunc("bpf_iter_task_new"), iterator, 0, 7)).isEqualTo(-22);
        assertThat(call(kfunc("bpf_iter_task_next"), iterator)).isZero();
    }

    @Test
    void shouldIterateOverTheTasksOfACgroup() {
        List<Integer> pids = new ArrayList<>();
        long iterator = kernel.arena().allocate(8);
        long group = kernel.cgroups().of("/web").address();
        assertThat(call(kfunc("bpf_iter_css_task_new"), iterator, group, 1)).isZero();
        collect("bpf_iter_css_task_next", iterator, pids);
        assertThat(pids).containsExactly(43);
        assertThat(call(kfunc("bpf_iter_css_task_new"), iterator, group, 2)).isEqualTo(-22);
    }

    private void collect(String next, long iterator, List<Integer> pids) {
        for (long at = call(kfunc(next), iterator); at != 0; at = call(kfunc(next), iterator)) {
            Task task = Objects.requireNonNull(kernel.tasks().at(at));
            pids.add(task.pid());
        }
    }

    @Test
    void shouldIterateOverCgroupsInTheirOrders() {
        Cgroups.Cgroup web = kernel.cgroups().of("/web");
        long inner = kernel.cgroups().of("/web/a").address();
        long root = kernel.cgroups().of("/").address();
        assertThat(groups(web.address(), 2)).containsExactly(web.address(), inner);
        assertThat(groups(web.address(), 3)).containsExactly(inner, web.address());
        assertThat(groups(web.address(), 4)).containsExactly(web.address(), root);
        assertThat(groups(web.address(), 1)).containsExactly(web.address());
    }

    private List<Long> groups(long start, int order) {
        List<Long> found = new ArrayList<>();
        long iterator = kernel.arena().allocate(24);
        assertThat(call(kfunc("bpf_iter_css_new"), iterator, start, order)).isZero();
        Helper next = kfunc("bpf_iter_css_next");
        for (long at = call(next, iterator); at != 0; at = call(next, iterator)) {
            found.add(at);
        }
        return found;
    }

    @Test
    void shouldSpellOutThePathOfAFile() throws Exception {
        kernel.tasks().layOut(Assembler.assemble("t.bpfasm", PATH_TYPES).btf());
        long root = entry(0, "/");
        long file = entry(entry(root, "etc"), "hosts");
        long path = kernel.arena().allocate(16);
        GuestMemory.putLong(path + 8, file);
        long buffer = kernel.arena().allocate(64);
        assertThat(call(helper("bpf_d_path"), path, buffer, 64)).isEqualTo(11);
        assertThat(GuestMemory.bytes(buffer, 11)).isEqualTo("/etc/hosts\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(call(helper("bpf_d_path"), path, buffer, 10)).isEqualTo(-36);
        assertThat(call(kfunc("bpf_path_d_path"), path, buffer, 11)).isEqualTo(11);
    }

    private long entry(long parent, String name) {
        long text = kernel.arena().allocate(32);
        GuestMemory.copyIn(name.getBytes(StandardCharsets.US_ASCII), 0, text, name.length());
        long entry = kernel.arena().allocate(32);
        GuestMemory.putLong(entry, parent == 0 ? entry : parent);
        GuestMemory.putLong(entry + 16, text);
        return entry;
    }

    /** A program may still hold a pointer to an object that another CPU frees. */
    @Test
    void shouldTakeNoReferenceToWhatIsFreed() {
        long memory = kernel.arena().allocate(64);
        assertThat(call(kfunc("bpf_refcount_acquire"), memory + 32)).isZero();
    }

    @Test
    void shouldTellFlowsOfPacketsApart() {
        long one = call(kfunc("bpf_skb_get_hash"), 0x10000);
        assertThat(call(kfunc("bpf_skb_get_hash"), 0x10400)).isNotEqualTo(one);
        assertThat(call(kfunc("bpf_skb_get_hash"), 0x10000)).isEqualTo(one).isPositive();
    }

    @Test
    void shouldReadStringsIntoDynptrs() {
        long pointer = kernel.arena().allocate(16);
        long data = kernel.arena().allocate(16);
        long text = kernel.arena().allocate(16);
        GuestMemory.copyIn("abc".getBytes(StandardCharsets.US_ASCII), 0, text, 3);
        assertThat(call(helper("bpf_dynptr_from_mem"), data, 16, 0, pointer)).isZero();
        assertThat(call(kfunc("bpf_probe_read_kernel_str_dynptr"), pointer, 4, 8, text))
                .isEqualTo(4);
        assertThat(GuestMemory.bytes(data + 4, 4)).isEqualTo("abc\0".getBytes(StandardCharsets.US_ASCII));
        assertThat(call(kfunc("bpf_probe_read_kernel_dynptr"), pointer, 10, 8, text))
                .isEqualTo(-7);
        assertThat(call(kfunc("bpf_probe_read_user_dynptr"), pointer, 0, 8, 16)).isEqualTo(-14);
    }
}
