package dev.spinbpf.verifier.kernel;

import java.util.Set;

/** What Linux 7.2 says of functions by name, where its types say nothing. */
public final class TraceableFunctions {
    /** System calls of x86-64; all may fail, so all may be made to. */
    private static final String SYSCALL_PREFIX = "__x64_";

    private static final String SECURITY_PREFIX = "security_";

    /** {@code ALLOW_ERROR_INJECTION}, without system calls. */
    private static final Set<String> ERROR_INJECTION = Set.of(
            "should_failslab",
            "should_fail_alloc_page",
            "should_fail_bio",
            "should_fail_net_realloc_skb",
            "__filemap_add_folio",
            "page_pool_alloc_netmems");

    private static final Set<String> NOT_SLEEPABLE =
            Set.of("__filemap_add_folio", "should_fail_alloc_page", "should_failslab");

    /** Functions whose result programs may change, registered as such. */
    private static final Set<String> MODIFY_RETURN = Set.of(
            "bpf_modify_return_test",
            "bpf_modify_return_test2",
            "bpf_modify_return_test_tp",
            "bpf_fentry_test1",
            "update_socket_protocol");

    private static final Set<String> DENIED = Set.of(
            "___migrate_enable",
            "migrate_disable",
            "migrate_enable",
            "rcu_read_unlock_strict",
            "preempt_count_add",
            "preempt_count_sub",
            "__rcu_read_lock",
            "__rcu_read_unlock");

    private static final Set<String> NORETURN = Set.of(
            "__ia32_sys_exit",
            "__ia32_sys_exit_group",
            "__kunit_abort",
            "kunit_try_catch_throw",
            "__module_put_and_kthread_exit",
            "__x64_sys_exit",
            "__x64_sys_exit_group",
            "do_exit",
            "do_group_exit",
            "kthread_complete_and_exit",
            "make_task_dead");

    private TraceableFunctions() {}

    /** Whether programs on the function may sleep. */
    public static boolean isSleepable(String function) {
        return !NOT_SLEEPABLE.contains(function) && mayFail(function) || function.equals("bpf_fentry_test1");
    }

    /** Whether programs may change the function's result. */
    public static boolean isModifiable(String function) {
        return MODIFY_RETURN.contains(function) || mayFail(function) || function.startsWith(SECURITY_PREFIX);
    }

    /** Whether nothing may trace the function. */
    public static boolean isDenied(String function) {
        return DENIED.contains(function);
    }

    /** Whether the function never returns, so that nothing can run when it does. */
    public static boolean neverReturns(String function) {
        return NORETURN.contains(function);
    }

    private static boolean mayFail(String function) {
        return ERROR_INJECTION.contains(function) || function.startsWith(SYSCALL_PREFIX);
    }
}
