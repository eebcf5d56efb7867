library(dplyr)
requireNamespace("ggplot2")
source("R/helpers.R")

#' Default width, in characters.
DEFAULT_WIDTH <- 80

#' Summarise a panel
#'
#' @param data A data frame.
#' @export
summarise_panel <- function(data, by = NULL) {
  check_panel(data)
  data |>
    dplyr::group_by({{ by }}) |>
    dplyr::summarise(n = dplyr::n())
}

check_panel = function(data) stop_if_not_frame(data)

"%||%" <- function(x, y) if (is.null(x)) y else x

#' @export
print.panel <- function(x, ...) {
  cat("<panel>\n")
  invisible(x)
}

#' A stack of panels.
PanelStack <- R6::R6Class(
  "PanelStack",
  public = list(
    panels = NULL,
    #' @description Adds one.
    push = function(panel) {
      self$panels <- c(self$panels, list(panel))
      invisible(self)
    }
  ),
  private = list(
    validate = function() check_panel(self$panels[[1]])
  )
)

setClass("Panel", representation(data = "data.frame"))

setGeneric("render", function(object, ...) standardGeneric("render"))

setMethod("render", "Panel", function(object, ...) {
  draw_panel(object@data)
})

outer_fun <- function(x) {
  helper <- function(y) y + 1
  helper(x)
}

\(x) x + 1
