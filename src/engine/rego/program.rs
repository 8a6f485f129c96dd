//! The compiled form, made strict.
//!
//! The virtual machine takes an error for a rule that does not apply. Here everything in a program
//! that can fail is led through the [`meter`]: functions, calculations, and loops over what is no
//! collection. And it gives a name to what is undefined, and collects it: in Rego such a statement
//! does not hold. Calculations are replaced in place; before each loop, each naming and each
//! collecting goes a check, and every target of a jump is moved accordingly.

use std::sync::Arc;

use regorus::rvm::instructions::{BuiltinCallParams, GuardMode};
use regorus::rvm::program::BuiltinInfo;
use regorus::rvm::{Instruction, Program};

use super::meter;

/// How many members a list or set, and an object, may have that is made in one instruction. Steps are
/// what bounds the memory of a program; wider ones are left to the interpreter, whose steps are finer.
const MAX_LIST: usize = 64;
const MAX_OBJECT: usize = 16;

/// Makes a program strict; `None` where it has something that is not known here.
pub(super) fn guard(program: &Arc<Program>) -> Option<Arc<Program>> {
    let mut program = Program::clone(program);
    for (info, slot) in program.builtin_info_table.iter().zip(&mut program.resolved_builtins) {
        *slot = meter::pointer(&info.name)?;
    }
    let mut instructions = Vec::with_capacity(program.instructions.len());
    let mut spans = Vec::with_capacity(program.instructions.len());
    // Where each instruction went, and one more for the end.
    let mut moved: Vec<usize> = Vec::with_capacity(program.instructions.len());
    for at in 0..program.instructions.len() {
        moved.push(instructions.len());
        let instruction = *program.instructions.get(at)?;
        let span = program.instruction_spans.get(at).cloned().flatten();
        let replaced = match instruction {
            Instruction::Add { dest, left, right } => call(&mut program, "+", dest, &[left, right])?,
            Instruction::Sub { dest, left, right } => call(&mut program, "-", dest, &[left, right])?,
            Instruction::Mul { dest, left, right } => call(&mut program, "*", dest, &[left, right])?,
            Instruction::Div { dest, left, right } => call(&mut program, "/", dest, &[left, right])?,
            Instruction::Mod { dest, left, right } => call(&mut program, "%", dest, &[left, right])?,
            Instruction::LoopStart { params_index } => {
                let params = program.instruction_data.get_loop_params(params_index)?;
                // The loop sets its result first of all, so the check may leave its own there.
                let (dest, collection) = (params.result_reg, params.collection);
                if dest == collection {
                    return None;
                }
                instructions.push(call(&mut program, "in", dest, &[collection])?);
                spans.push(span.clone());
                instruction
            }
            Instruction::Move { src, .. } => {
                instructions.push(defined(src));
                spans.push(span.clone());
                instruction
            }
            Instruction::ComprehensionYield { value_reg, key_reg } => {
                for register in key_reg.into_iter().chain([value_reg]) {
                    instructions.push(defined(register));
                    spans.push(span.clone());
                }
                instruction
            }
            Instruction::ObjectCreate { params_index }
                if program.instruction_data.get_object_create_params(params_index)?.field_count()
                    > MAX_OBJECT =>
            {
                return None;
            }
            Instruction::ArrayCreate { params_index }
                if program.instruction_data.get_array_create_params(params_index)?.element_count()
                    > MAX_LIST =>
            {
                return None;
            }
            Instruction::SetCreate { params_index }
                if program.instruction_data.get_set_create_params(params_index)?.element_count()
                    > MAX_LIST =>
            {
                return None;
            }
            Instruction::HostAwait { .. }
            | Instruction::PolicyCondition { .. }
            | Instruction::LogicalBlockStart { .. }
            | Instruction::LogicalBlockEnd { .. }
            | Instruction::AllOfNext { .. }
            | Instruction::AnyOfNext { .. } => return None,
            other => other,
        };
        instructions.push(replaced);
        spans.push(span);
    }
    moved.push(instructions.len());

    let to = |old: usize| moved.get(old).copied();
    let to16 = |old: u16| to(usize::from(old)).and_then(|new| u16::try_from(new).ok());
    let to32 = |old: u32| to(usize::try_from(old).ok()?).and_then(|new| u32::try_from(new).ok());
    for instruction in &mut instructions {
        if let Instruction::LoopNext { body_start, loop_end } = instruction {
            *body_start = to16(*body_start)?;
            *loop_end = to16(*loop_end)?;
        }
    }
    for params in &mut program.instruction_data.loop_params {
        params.body_start = to16(params.body_start)?;
        params.loop_end = to16(params.loop_end)?;
    }
    for params in &mut program.instruction_data.comprehension_begin_params {
        params.body_start = to16(params.body_start)?;
        params.comprehension_end = to16(params.comprehension_end)?;
    }
    for rule in &mut program.rule_infos {
        let bodies = rule.definitions.iter().map(|bodies| bodies.iter().map(|at| to32(*at)).collect());
        rule.definitions = Arc::new(bodies.collect::<Option<_>>()?);
        for at in rule.destructuring_blocks.iter_mut().flatten() {
            *at = to32(*at)?;
        }
    }
    for at in program.entry_points.values_mut() {
        *at = to(*at)?;
    }
    program.main_entry_point = to32(program.main_entry_point)?;
    program.instructions = instructions;
    program.instruction_spans = spans;
    program.validate_limits().ok()?;
    Some(Arc::new(program))
}

/// Ends what is being gone through, where a register is undefined.
const fn defined(register: u8) -> Instruction {
    Instruction::Guard { register, mode: GuardMode::NotUndefined }
}

/// A call through the meter.
fn call(program: &mut Program, name: &str, dest: u8, registers: &[u8]) -> Option<Instruction> {
    let num_args = u8::try_from(registers.len()).ok()?;
    let known = program.builtin_info_table.iter().position(|info| info.name == name);
    let builtin_index = match known {
        Some(index) => u16::try_from(index).ok()?,
        None => {
            program.resolved_builtins.push(meter::pointer(name)?);
            program.add_builtin_info(BuiltinInfo { name: name.to_owned(), num_args: num_args.into() })
        }
    };
    let mut args = [0; 8];
    for (slot, register) in args.iter_mut().zip(registers) {
        *slot = *register;
    }
    let params = BuiltinCallParams { dest, builtin_index, num_args, args };
    let params_index = program.instruction_data.add_builtin_call_params(params);
    Some(Instruction::BuiltinCall { params_index })
}
