package dev.spinbpf.verifier.kernel;

/** Kernel functions with rules of their own. */
public final class SpecialKfuncs {
    private SpecialKfuncs() {}

    public static boolean isListPush(Kfunc kfunc) {
        return kfunc.baseIs("bpf_list_push_front", "bpf_list_push_back", "bpf_list_add");
    }

    static boolean isListApi(Kfunc kfunc) {
        return isListPush(kfunc)
                || kfunc.is(
                        "bpf_list_pop_front",
                        "bpf_list_pop_back",
                        "bpf_list_del",
                        "bpf_list_front",
                        "bpf_list_back",
                        "bpf_list_is_first",
                        "bpf_list_is_last",
                        "bpf_list_empty");
    }

    public static boolean isRbtreeAdd(Kfunc kfunc) {
        return kfunc.baseIs("bpf_rbtree_add");
    }

    public static boolean isRbtreeApi(Kfunc kfunc) {
        return isRbtreeAdd(kfunc)
                || kfunc.is(
                        "bpf_rbtree_remove",
                        "bpf_rbtree_first",
                        "bpf_rbtree_root",
                        "bpf_rbtree_left",
                        "bpf_rbtree_right");
    }

    public static boolean isRefcountAcquire(Kfunc kfunc) {
        return kfunc.baseIs("bpf_refcount_acquire");
    }

    public static boolean isObjNew(Kfunc kfunc) {
        return kfunc.baseIs("bpf_obj_new", "bpf_percpu_obj_new");
    }

    public static boolean isObjDrop(Kfunc kfunc) {
        return kfunc.baseIs("bpf_obj_drop", "bpf_percpu_obj_drop");
    }

    public static boolean isResLock(Kfunc kfunc) {
        return kfunc.is("bpf_res_spin_lock", "bpf_res_spin_lock_irqsave");
    }

    public static boolean isResLockApi(Kfunc kfunc) {
        return isResLock(kfunc) || kfunc.is("bpf_res_spin_unlock", "bpf_res_spin_unlock_irqrestore");
    }

    public static boolean isTaskWork(Kfunc kfunc) {
        return kfunc.is("bpf_task_work_schedule_signal", "bpf_task_work_schedule_resume");
    }

    public static boolean isWqCallback(Kfunc kfunc) {
        return kfunc.is("bpf_wq_set_callback");
    }

    /** Calls a callback before it returns. */
    public static boolean callsBack(Kfunc kfunc) {
        return isRbtreeAdd(kfunc);
    }

    /** Keeps a callback to be called later. */
    public static boolean keepsCallback(Kfunc kfunc) {
        return isWqCallback(kfunc) || isTaskWork(kfunc);
    }

    /** What may be called while a lock is held. */
    public static boolean allowedUnderLock(Kfunc kfunc) {
        return isListApi(kfunc)
                || isRbtreeApi(kfunc)
                || isRefcountAcquire(kfunc)
                || isResLockApi(kfunc)
                || kfunc.is(
                        "bpf_iter_num_new",
                        "bpf_iter_num_next",
                        "bpf_iter_num_destroy",
                        "bpf_arena_alloc_pages",
                        "bpf_arena_free_pages",
                        "bpf_arena_reserve_pages",
                        "bpf_stream_vprintk",
                        "bpf_stream_print_stack");
    }

    public static boolean changesPackets(Kfunc kfunc) {
        return kfunc.is("bpf_xdp_pull_data");
    }
}
