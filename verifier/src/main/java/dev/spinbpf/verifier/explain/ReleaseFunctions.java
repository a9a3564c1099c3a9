package dev.spinbpf.verifier.explain;

import java.util.LinkedHashSet;
import java.util.Map;
import java.util.Set;

/** The functions that release what other functions acquire. */
final class ReleaseFunctions {
    private static final Map<String, String> BY_ACQUIRE = Map.ofEntries(
            Map.entry("bpf_ringbuf_reserve", "bpf_ringbuf_submit,bpf_ringbuf_discard"),
            Map.entry("bpf_ringbuf_reserve_dynptr", "bpf_ringbuf_submit_dynptr,bpf_ringbuf_discard_dynptr"),
            Map.entry("bpf_sk_lookup_tcp", "bpf_sk_release"),
            Map.entry("bpf_sk_lookup_udp", "bpf_sk_release"),
            Map.entry("bpf_skc_lookup_tcp", "bpf_sk_release"),
            Map.entry("bpf_task_acquire", "bpf_task_release"),
            Map.entry("bpf_task_from_pid", "bpf_task_release"),
            Map.entry("bpf_task_from_vpid", "bpf_task_release"),
            Map.entry("bpf_cgroup_acquire", "bpf_cgroup_release"),
            Map.entry("bpf_cgroup_ancestor", "bpf_cgroup_release"),
            Map.entry("bpf_cgroup_from_id", "bpf_cgroup_release"),
            Map.entry("bpf_task_get_cgroup1", "bpf_cgroup_release"),
            Map.entry("bpf_cpumask_create", "bpf_cpumask_release"),
            Map.entry("bpf_cpumask_acquire", "bpf_cpumask_release"),
            Map.entry("bpf_obj_new", "bpf_obj_drop"),
            Map.entry("bpf_obj_new_impl", "bpf_obj_drop_impl"),
            Map.entry("bpf_percpu_obj_new_impl", "bpf_percpu_obj_drop_impl"),
            Map.entry("bpf_refcount_acquire_impl", "bpf_obj_drop_impl"),
            Map.entry("bpf_list_pop_front", "bpf_obj_drop_impl"),
            Map.entry("bpf_list_pop_back", "bpf_obj_drop_impl"),
            Map.entry("bpf_rbtree_remove", "bpf_obj_drop_impl"),
            Map.entry("bpf_get_task_exe_file", "bpf_put_file"),
            Map.entry("bpf_crypto_ctx_create", "bpf_crypto_ctx_release"),
            Map.entry("bpf_skb_ct_lookup", "bpf_ct_release"),
            Map.entry("bpf_xdp_ct_lookup", "bpf_ct_release"),
            Map.entry("bpf_lookup_user_key", "bpf_key_put"),
            Map.entry("bpf_iter_num_new", "bpf_iter_num_destroy"),
            Map.entry("bpf_iter_task_new", "bpf_iter_task_destroy"));

    private ReleaseFunctions() {}

    /** The functions that release what the named one returned; none if they are not known. */
    static Set<String> of(String acquire) {
        String names = BY_ACQUIRE.get(acquire);
        return names == null ? Set.of() : new LinkedHashSet<>(java.util.List.of(names.split(",", -1)));
    }

    /** True if what the function is passed is gone afterwards. */
    static boolean isRelease(String function) {
        return BY_ACQUIRE.values().stream()
                .anyMatch(names -> java.util.List.of(names.split(",", -1)).contains(function));
    }
}
