"""
Orbits of bodies.
"""
module Orbits

using LinearAlgebra: norm, dot
import Base: show, +
import JSON
include("constants.jl")

export Body, energy

"The gravitational constant, in SI units."
const GRAVITY = 6.674e-11

abstract type AbstractBody end

"""
    Body(mass, position)

Something with a mass.
"""
struct Body{T<:Real} <: AbstractBody
    mass::T
    position::Vector{T}

    Body{T}(mass, position) where {T} = new{T}(mass, position)
end

mutable struct World
    bodies::Vector{Body}
    time::Float64
end

@enum Phase begin
    rising
    setting
end

"""
The energy of a body.
"""
function energy(body::Body{T}, world::World) where {T<:Real}
    total = zero(T)
    for other in world.bodies
        total += potential(body, other)
    end
    return total + kinetic(body)
end

kinetic(body::Body) = body.mass * norm(velocity(body))^2 / 2

# Brings the world forward.
function step!(world::World; dt = 0.1)::World
    world.time += dt
    world
end

Base.show(io::IO, body::Body) = print(io, "Body(", body.mass, ")")

function +(a::Body, b::Body)
    merge_bodies(a, b)
end

@inline distance(a, b)::Float64 = norm(a.position - b.position)

"Runs an expression and reports how long it took."
macro timed_step(ex)
    quote
        @elapsed $(esc(ex))
    end
end

module Units
    const AU = 1.496e11
    to_au(metres) = metres / AU
end

(world::World)(dt) = step!(world; dt = dt)

end # module
