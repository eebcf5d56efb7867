(ns shop.handler
  "Answers requests."
  (:require [clojure.string :as str]
            [ring.util.response :refer [response not-found]])
  (:import (java.time Instant)))

(def ^:private max-items 50)

(def routes
  "What each path is answered by."
  {"/" :home
   "/items" :items})

(defonce state (atom {}))

(defn parse-id
  "Reads an id from a path."
  [path]
  (some-> path (str/split #"/") last parse-long))

(defn- page
  ([items] (page items 0))
  ([items offset]
   (take max-items (drop offset items))))

(defmacro with-timing
  "Runs a body and reports how long it took."
  [label & body]
  `(let [start# (Instant/now)]
     ~@body
     (report ~label start#)))

(defprotocol Priced
  "What has a price."
  (price [this] "The price in cents.")
  (discount [this percent]))

(defrecord Item [id cents]
  Priced
  (price [_] cents)
  (discount [this percent]
    (assoc this :cents (apply-percent cents percent))))

(defmulti render :kind)

(defmethod render :item
  [item]
  (str (:id item) ": " (price item)))

(extend-type String
  Priced
  (price [s] (parse-id s)))

;; Answers one request.
(defn handler [request]
  (let [find-item (fn [id] (get @state id))]
    (if-let [item (find-item (parse-id (:uri request)))]
      (response (render item))
      (not-found "no such item"))))

(deftest parse-id-test
  (is (= 7 (parse-id "/items/7"))))
