//! The compiled form, made strict.
//!
//! The virtual machine takes an error for a rule that does not apply. Here everything in a program
//! that can fail is led through the [`meter`]: functions, calculations, and loops over what is no
//! collection. And it gives a name to what is undefined, and collects it: in Rego such a statement
//! does not hold. Calculations are replaced in place; before each loop, each naming and each
//! collecting goes a check, and every target of a jump is moved accordingly.
//!
//! `input` and `data` are loaded once in a body, where they are first needed: what comes after that may be
//! reached without it. So they are loaded as a body begins.
//!
//! A loop that finds nothing does not end its body: it would count as one that holds, and `else` would not
//! be tried. So a body that has given nothing by its end does not hold.
//!
//! What is undefined is no argument: parameters are looked at before anything else, used or not.
//!
//! What does not hold ends the innermost loop's turn, even where a comprehension has begun since: the
//! rest of the turn would be lost with it. So the body of each comprehension becomes a loop of one turn.

use std::collections::BTreeMap;
use std::sync::Arc;

use regorus::Value;
use regorus::rvm::instructions::{BuiltinCallParams, GuardMode, LoopMode, LoopStartParams};
use regorus::rvm::program::{BuiltinInfo, RuleType};
use regorus::rvm::{Instruction, Program};

use super::meter;

/// How many members a list or set, and an object, may have that is made in one instruction. Steps are
/// what bounds the memory of a program; wider ones are left to the interpreter, whose steps are finer.
const MAX_LIST: usize = 64;
const MAX_OBJECT: usize = 16;

/// The loop of one turn that a comprehension's body becomes.
struct Turn {
    /// Its parameters.
    params_index: u16,
    /// Where its body starts.
    body_start: u16,
    /// Where it ends: its last instruction.
    next: usize,
}

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
    // How many parameters are looked at from an instruction on.
    let mut parameters: BTreeMap<usize, u8> = BTreeMap::new();
    for rule in &program.rule_infos {
        let Some(info) = &rule.function_info else { continue };
        for start in rule.destructuring_blocks.iter().flatten() {
            parameters.insert(usize::try_from(*start).ok()?, u8::try_from(info.num_params).ok()?);
        }
    }
    // The rule that instructions are of, loops of one turn, and those of them whose end is still to come.
    let mut rule = None;
    let mut spare: BTreeMap<usize, u8> = BTreeMap::new();
    let mut turns: Vec<Turn> = Vec::new();
    let mut open: Vec<usize> = Vec::new();
    for at in 0..program.instructions.len() {
        moved.push(instructions.len());
        let instruction = *program.instructions.get(at)?;
        let span = program.instruction_spans.get(at).cloned().flatten();
        // Parameters stand behind the result, in order.
        for parameter in 1..=parameters.get(&at).copied().unwrap_or(0) {
            instructions.push(defined(parameter));
            spans.push(span.clone());
        }
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
            Instruction::RuleInit { rule_index, .. } => {
                rule = Some(usize::from(rule_index));
                instructions.push(instruction);
                spans.push(span.clone());
                for load in loads(program.instructions.get(at..)?) {
                    instructions.push(load);
                    spans.push(span.clone());
                }
                continue;
            }
            Instruction::LoadInput { .. } | Instruction::LoadData { .. } if rule.is_some() => continue,
            Instruction::RuleReturn { .. } => {
                let info = program.rule_infos.get(rule.take()?)?;
                if matches!(info.rule_type, RuleType::Complete) {
                    instructions.push(defined(info.result_reg));
                    spans.push(span.clone());
                } else if info.else_bodies.iter().flatten().any(|it| *it) {
                    return None;
                }
                instruction
            }
            Instruction::ComprehensionBegin { params_index } => {
                let params = program.instruction_data.get_comprehension_begin_params(params_index)?;
                // With a collection of its own it is a loop by itself; none are made so.
                if params.collection_reg != params.result_reg {
                    return None;
                }
                let one = spare_registers(&mut program, &mut spare, rule?)?;
                let other = one.checked_add(1)?;
                let literal = program.add_literal(Value::from(vec![Value::from(true)]));
                let body_start = instructions.len().checked_add(3)?;
                let params = LoopStartParams {
                    mode: LoopMode::ForEach,
                    collection: one,
                    key_reg: other,
                    value_reg: other,
                    result_reg: other,
                    body_start: 0,
                    loop_end: 0,
                };
                let params_index = program.add_loop_params(params);
                open.push(turns.len());
                turns.push(Turn { params_index, body_start: u16::try_from(body_start).ok()?, next: 0 });
                instructions.extend([
                    instruction,
                    Instruction::Load { dest: one, literal_idx: u16::try_from(literal).ok()? },
                ]);
                spans.extend([span.clone(), span.clone()]);
                Instruction::LoopStart { params_index }
            }
            Instruction::ComprehensionEnd { .. } => {
                turns.get_mut(open.pop()?)?.next = instructions.len();
                instructions.push(Instruction::LoopNext { body_start: 0, loop_end: 0 });
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
            | Instruction::ObjectSet { .. }
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
    for turn in turns {
        let end = u16::try_from(turn.next.checked_add(1)?).ok()?;
        let params = program.instruction_data.loop_params.get_mut(usize::from(turn.params_index))?;
        (params.body_start, params.loop_end) = (turn.body_start, end);
        *instructions.get_mut(turn.next)? =
            Instruction::LoopNext { body_start: turn.body_start, loop_end: end };
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

/// What a body that starts here loads of `input` and `data`.
fn loads(instructions: &[Instruction]) -> impl Iterator<Item = Instruction> {
    let body = instructions.iter().take_while(|it| !matches!(it, Instruction::RuleReturn { .. }));
    body.filter(|it| matches!(it, Instruction::LoadInput { .. } | Instruction::LoadData { .. })).copied()
}

/// The first of two registers of a rule that nothing else uses.
fn spare_registers(program: &mut Program, known: &mut BTreeMap<usize, u8>, rule: usize) -> Option<u8> {
    if let Some(first) = known.get(&rule) {
        return Some(*first);
    }
    let info = program.rule_infos.get_mut(rule)?;
    let first = info.num_registers;
    info.num_registers = first.checked_add(2)?;
    program.max_rule_window_size = program.max_rule_window_size.max(info.num_registers);
    known.insert(rule, first);
    Some(first)
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
