package dev.spinbpf.verifier;

import dev.spinbpf.programs.btf.Btf;
import dev.spinbpf.programs.btf.BtfType;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.List;
import java.util.Map;

/** A small kernel's types: enough of Linux for each rule of what programs attach to and what they read there. */
public final class TestKernel {
    /** The types. */
    public static final Btf TYPES = new Btf(new TestKernel().types);

    private final List<BtfType> types = new ArrayList<>(List.of(new BtfType.Void()));
    private final Map<String, Integer> ids = new HashMap<>();

    private TestKernel() {
        ids.put("void", 0);
        declare("task_struct", "file");
        struct(
                "task_struct",
                "int pid",
                "task_struct rcu* real_parent",
                "task_struct* last_wakee",
                "file* exe",
                "u64* bits");
        struct("task_struct__safe_rcu", "file* exe");
        struct("file", "u64 f_mode", "task_struct* owner");
        struct("pair", "u64 first", "u64 second");
        struct("triple", "u64 first", "u64 second", "u64 third");
        tracepoints();
        functions();
        lsm();
        iterators();
        structOps();
    }

    private void tracepoints() {
        tracepoint("sched_switch", "void* __data", "bool preempt", "task_struct* prev", "task_struct* next");
        tracepoint("sched_pi_setprio", "void* __data", "task_struct* tsk", "task_struct* pi_task");
        tracepoint("signal_generate", "void* __data", "int sig", "file* info", "task_struct* task");
        tracepoint("sys_enter", "void* __data", "u64* regs", "u64 id");
        tracepoint("own_template", "void* __data", "task_struct* task");
        func("void", "__bpf_trace_own_template", "void* __data", "task_struct* task__nullable");
        tracepoint("of_class", "void* __data", "file* file");
        func("void", "__bpf_trace_class", "void* __data", "file* file__nullable");
    }

    private void functions() {
        func("task_struct*", "do_work", "task_struct* task", "int n");
        func("int", "bpf_modify_return_test", "int a", "int* b");
        func("task_struct*", "security_pointer", "int a");
        func("int", "__x64_sys_getpgid", "task_struct* regs");
        func("int", "tagged", "task_struct user* user", "task_struct percpu* percpu", "task_struct** twice");
        func("int", "both_tags", "task_struct user percpu* both");
        func("int", "by_value", "pair pair", "int n");
        func("int", "too_large", "triple triple");
        func("pair", "returns_struct", "int a");
        func("int", "varargs", "int a", "void ");
        func("int", "floats", "float f");
        func(
                "int",
                "too_many",
                "int a,int b,int c,int d,int e,int f,int g,int h,int i,int j,int k,int l,int m".split(","));
        func("void", "do_exit", "u64 code");
        func("void", "migrate_disable");
    }

    private void lsm() {
        func("int", "bpf_lsm_file_open", "file* file");
        func("void", "bpf_lsm_task_free", "task_struct* task");
        func("int", "bpf_lsm_inode_xattr_skipcap", "int a");
        func("int", "bpf_lsm_getselfattr", "int a");
        func("int", "bpf_lsm_no_hook", "int a");
        func("int", "bpf_lsm_task_to_inode", "task_struct* task");
        func("void", "bpf_lsm_sk_free_security", "u64* sk");
    }

    private void iterators() {
        struct("bpf_iter_meta", "u64 seq");
        struct("bpf_map", "u64 ops");
        func("int", "bpf_iter_task", "bpf_iter_meta* meta", "task_struct* task");
        func("int", "bpf_iter_bpf_map_elem", "bpf_iter_meta* meta", "bpf_map* map", "void* key", "void* value");
        func("int", "bpf_iter_task_new", "task_struct* task");
    }

    private void structOps() {
        struct("sock", "int family", "u32 sk_pacing_status");
        struct("inet_connection_sock", "sock sk", "pair icsk_ca_priv");
        struct("tcp_sock", "inet_connection_sock inet_conn", "u32 snd_cwnd", "u32 mss_cache");
        struct(
                "tcp_congestion_ops",
                "void (sock*)* init",
                "u32 (sock*)* ssthresh",
                "void (sock*)* release",
                "u64 (sock*)* get_info",
                "u64 flags");
        struct("bpf_struct_ops_tcp_congestion_ops", "u64 common", "tcp_congestion_ops data");
        struct("sk_buff", "u64 tstamp", "triple cb", "u32 len");
        struct("qdisc_skb_cb", "u64 pkt_len", "u64 data");
        struct("Qdisc", "u32 limit", "u32 flags");
        struct("bpf_sk_buff_ptr", "sk_buff* skb");
        struct("Qdisc_ops", "int (sk_buff*,Qdisc*,sk_buff**)* enqueue", "sk_buff* (Qdisc*)* dequeue");
        struct("bpf_struct_ops_Qdisc_ops", "u64 common", "Qdisc_ops data");
        func("int", "Qdisc_ops__enqueue", "sk_buff* skb__ref", "Qdisc* sch", "sk_buff** to_free");
        struct("hid_bpf_ops", "void (task_struct*)* enable");
        struct("bpf_struct_ops_hid_bpf_ops", "u64 common", "hid_bpf_ops data");
        struct("bpf_dummy_ops_state", "int val");
        struct("bpf_dummy_ops", "int (bpf_dummy_ops_state*)* test_1", "int (bpf_dummy_ops_state*)* test_sleepable");
        struct("bpf_struct_ops_bpf_dummy_ops", "u64 common", "bpf_dummy_ops data");
        struct("iou_ctx", "int flags");
        struct("iou_loop_params", "u32 cq_wait_idx");
        struct("io_uring_bpf_ops", "int (iou_ctx*,iou_loop_params*)* loop_step", "u32 ring_fd");
        struct("bpf_struct_ops_io_uring_bpf_ops", "u64 common", "io_uring_bpf_ops data");
        func("int", "bpf_dummy_ops__test_1", "bpf_dummy_ops_state* cb__nullable");
    }

    private void tracepoint(String name, String... params) {
        int proto = add(new BtfType.FuncProto(0, unnamed(params)));
        add(new BtfType.Typedef("btf_trace_" + name, add(new BtfType.Ptr(proto))));
    }

    private void func(String returns, String name, String... params) {
        add(new BtfType.Func(name, add(new BtfType.FuncProto(id(returns), named(params))), BtfType.Linkage.STATIC));
    }

    private List<BtfType.Param> named(String... params) {
        List<BtfType.Param> made = new ArrayList<>();
        for (String param : params) {
            int space = param.lastIndexOf(' ');
            made.add(new BtfType.Param(param.substring(space + 1), id(param.substring(0, space))));
        }
        return List.copyOf(made);
    }

    private List<BtfType.Param> unnamed(String... params) {
        return named(params).stream()
                .map(param -> new BtfType.Param("", param.typeId()))
                .toList();
    }

    /** Reserves ids for structs that others point to before they are made. */
    private void declare(String... names) {
        for (String name : names) {
            ids.put(name, add(new BtfType.Void()));
        }
    }

    private void struct(String name, String... fields) {
        if (!ids.containsKey(name)) {
            declare(name);
        }
        int id = ids.getOrDefault(name, 0);
        List<BtfType.Member> members = new ArrayList<>();
        long off = 0;
        for (String field : fields) {
            int space = field.lastIndexOf(' ');
            int type = id(field.substring(0, space));
            long size = sizeOf(type);
            long alignment = Math.min(size, Long.BYTES);
            off = (off + alignment - 1) / alignment * alignment;
            members.add(new BtfType.Member(field.substring(space + 1), type, off * Byte.SIZE, 0));
            off += size;
        }
        long size = (off + Long.BYTES - 1) / Long.BYTES * Long.BYTES;
        types.set(id, new BtfType.Composite(name, false, size, List.copyOf(members)));
    }

    private long sizeOf(int id) {
        return new Btf(types).sizeOf(id);
    }

    private int id(String type) {
        Integer known = ids.get(type);
        if (known != null) {
            return known;
        }
        int id = make(type);
        ids.put(type, id);
        return id;
    }

    private int make(String type) {
        if (type.endsWith(")*")) {
            int open = type.indexOf('(');
            List<BtfType.Param> params = new ArrayList<>();
            for (String param : type.substring(open + 1, type.length() - 2).split(",", -1)) {
                params.add(new BtfType.Param("", id(param)));
            }
            int returns = id(type.substring(0, open).strip());
            return add(new BtfType.Ptr(add(new BtfType.FuncProto(returns, List.copyOf(params)))));
        }
        if (type.endsWith("*")) {
            return add(new BtfType.Ptr(id(type.substring(0, type.length() - 1))));
        }
        int space = type.lastIndexOf(' ');
        if (space > 0) {
            int base = id(type.substring(0, space));
            return add(new BtfType.Modifier(BtfType.ModifierKind.TYPE_TAG, type.substring(space + 1), base));
        }
        return switch (type) {
            case "bool" -> add(new BtfType.Int(type, Byte.BYTES, Byte.SIZE, 0, false, false, true));
            case "int", "u32" -> add(new BtfType.Int(type, Integer.BYTES, Integer.SIZE, 0, true, false, false));
            case "u64" -> add(new BtfType.Int(type, Long.BYTES, Long.SIZE, 0, false, false, false));
            case "float" -> add(new BtfType.Float(type, Float.BYTES));
            default -> throw new IllegalArgumentException(type);
        };
    }

    private int add(BtfType type) {
        types.add(type);
        return types.size() - 1;
    }
}
